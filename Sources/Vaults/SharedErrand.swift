import Crypto
import Engine

/// Work that many need and one does: who comes while it is under way waits for its outcome.
final class SharedErrand<Value: Sendable>: Sendable {
    private typealias Outcome = Result<Value, VaultError>

    private struct State {
        var isUnderWay = false
        /// Each gets the outcome; nil when it was cancelled, and another one must do it.
        var waiters: [CheckedContinuation<Outcome?, Never>] = []
    }

    private let state = Locked(State())

    var isUnderWay: Bool { state.withLock { $0.isUnderWay } }

    /// Runs `body`, or waits for the one who runs his. Who waits is not released by a cancellation: the wait
    /// is as bounded as the work.
    func run(_ body: () async throws(VaultError) -> Value) async throws(VaultError) -> Value {
        while true {
            if let outcome = await join() {
                return try outcome.get()
            }
            if claim() { break }
        }
        let outcome: Outcome
        do throws(VaultError) {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        finish(Task.isCancelled ? nil : outcome)
        return try outcome.get()
    }

    private func claim() -> Bool {
        state.withLock { state in
            defer { state.isUnderWay = true }
            return !state.isUnderWay
        }
    }

    /// Nil when there is nothing to wait for, or not any more.
    private func join() async -> Outcome? {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                if state.isUnderWay { state.waiters.append(continuation) }
                return state.isUnderWay
            }
            if !waits { continuation.resume(returning: nil) }
        }
    }

    private func finish(_ outcome: Outcome?) {
        let waiters = state.withLock { state in
            defer { state = State() }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
