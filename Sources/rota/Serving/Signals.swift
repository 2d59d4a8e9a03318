import Dispatch
import Glibc

/// The signals that a daemon listens to, as a stream.
final class Signals {
    /// What each of them asks for.
    enum Request: Sendable {
        /// SIGTERM and SIGINT: come to an end.
        case stop
        /// SIGHUP: read the configuration again.
        case reload
    }

    let requests: AsyncStream<Request>
    /// They listen as long as they are kept.
    private let sources: [any DispatchSourceSignal]

    /// From here on these signals end nothing by themselves.
    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let queue = DispatchQueue(label: "rota.signals")
        let wanted: [(Int32, Request)] = [(SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload)]
        self.requests = requests
        sources = wanted.map { number, request in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(request) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
