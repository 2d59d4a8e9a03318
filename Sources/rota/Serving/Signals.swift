import Dispatch
import Engine
import Glibc

/// Where the handler of signals writes which one came, and where that is read: made before the first one may come.
private let signalPipe: (reader: Int32, writer: Int32) = {
    var ends: [Int32] = [-1, -1]
    _ = unsafe pipe(&ends)
    for end in ends {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    return (ends[0], ends[1])
}()

/// What a daemon is asked for, by signals and by itself, as a stream.
///
/// By a handler and a pipe, not by Dispatch's own source: that ignores the signal and blocks it, but not in the main
/// thread, where the kernel then throws it away.
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
    /// It listens as long as it is kept.
    private let source: any DispatchSourceRead

    /// From here on these signals end nothing by themselves.
    init() {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let queue = DispatchQueue(label: "rota.signals")
        let ending = StopSignal()
        self.requests = requests
        self.continuation = continuation
        self.ending = ending
        source = DispatchSource.makeReadSource(fileDescriptor: signalPipe.reader, queue: queue)
        source.setEventHandler {
            for number in Self.arrived() {
                let request = number == SIGHUP ? Request.reload : .stop
                if request == .stop { ending.request(patience: Self.patience) }
                continuation.yield(request)
            }
        }
        source.resume()
        for number in [SIGTERM, SIGINT, SIGHUP] { Self.handle(number) }
    }

    /// The signals that came since the last look.
    private static func arrived() -> [Int32] {
        var numbers = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(signalPipe.reader, &numbers, numbers.count)
        return count > 0 ? numbers[..<count].map { Int32($0) } : []
    }

    private static func handle(_ number: Int32) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            // Nothing but what a handler may do (signal-safety(7)); a full pipe says enough already.
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = unsafe write(signalPipe.writer, &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        _ = unsafe sigaction(number, &action, nil)
    }

    /// Asks for an end by ourselves, which may take so many milliseconds.
    func abandon(within patience: Int64) {
        ending.request(patience: patience)
        continuation.yield(.abandon)
    }

    deinit { source.cancel() }
}
