import Dispatch
import Glibc

/// What a daemon is asked for, by signals and by itself, as a stream.
final class Signals {
    /// What each of them asks for.
    enum Request: Sendable {
        /// SIGTERM and SIGINT: come to an end.
        case stop
        /// The store is not the one at its path any more: come to an end at once.
        case abandon
        /// SIGHUP: read the configuration again.
        case reload
    }

    let requests: AsyncStream<Request>
    private let continuation: AsyncStream<Request>.Continuation
    /// They listen as long as they are kept.
    private let sources: [any DispatchSourceSignal]

    /// From here on these signals end nothing by themselves.
    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let queue = DispatchQueue(label: "rota.signals")
        let wanted: [(Int32, Request)] = [(SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload)]
        self.requests = requests
        self.continuation = continuation
        sources = wanted.map { number, request in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(request) }
            source.resume()
            return source
        }
    }

    func ask(_ request: Request) { continuation.yield(request) }

    deinit {
        for source in sources { source.cancel() }
    }
}
