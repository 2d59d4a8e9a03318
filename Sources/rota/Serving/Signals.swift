import Dispatch
import Engine
import Glibc

/// What a daemon is asked for, by signals and by itself, as a stream.
// Unchecked: a dispatch source may be cancelled on any thread, and nothing else is done with it.
final class Signals: @unchecked Sendable {
    /// What each of them asks for.
    enum Request: Sendable {
        /// SIGTERM and SIGINT: come to an end.
        case stop
        /// The store is not the one at its path any more: come to an end at once.
        case abandon
        /// SIGHUP: read the configuration again.
        case reload
    }

    /// How long the end may take from the moment at which it is asked for, in milliseconds: SIGTERM is to have
    /// ended it within ten seconds, whatever it is about just then.
    static let patience: Int64 = 8_500

    let requests: AsyncStream<Request>
    /// Requested as soon as an end is asked for, also while another request is being attended to.
    let ending: StopSignal
    private let continuation: AsyncStream<Request>.Continuation
    /// They listen as long as they are kept.
    private let sources: [any DispatchSourceSignal]

    /// From here on these signals end nothing by themselves.
    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let queue = DispatchQueue(label: "rota.signals")
        let wanted: [(Int32, Request)] = [(SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload)]
        let ending = StopSignal()
        self.requests = requests
        self.continuation = continuation
        self.ending = ending
        sources = wanted.map { number, request in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if request == .stop { ending.request(patience: Self.patience) }
                continuation.yield(request)
            }
            source.resume()
            return source
        }
    }

    /// Asks for an end by ourselves, which may take so many milliseconds.
    func abandon(within patience: Int64) {
        ending.request(patience: patience)
        continuation.yield(.abandon)
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
