import Crypto
import Dispatch
import Glibc

/// SIGTERM and SIGINT, from when it is made: the request to come to an end in good order.
///
/// Both are masked by Dispatch's threads only; the default action is taken from them here.
final class StopSignals: Sendable {
    private struct State {
        var isStopping = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    /// Carries a source, which only lives to be called.
    // Unchecked: after `init` nobody touches it.
    private struct Source: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }

    private let state = Locked(State())
    private let sources = Locked<[Source]>([])

    init() {
        for number in [SIGTERM, SIGINT] {
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { [weak self] in self?.stop() }
            source.resume()
            sources.withLock { $0.append(Source(source: source)) }
        }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Returns once one of them has come.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isStopping = state.withLock { state in
                if !state.isStopping { state.waiting = continuation }
                return state.isStopping
            }
            if isStopping { continuation.resume() }
        }
    }

    private func stop() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            state.isStopping = true
            return state.waiting
        }
        waiting?.resume()
    }
}
