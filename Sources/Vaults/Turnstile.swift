import Crypto
import Engine

/// Lets so many calls to one vault through at a time; the others wait in line. Each vault has its own, so
/// that a slow one delays nobody else.
final class Turnstile: Sendable {
    private struct Waiter {
        var number: UInt64
        var admit: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var nextNumber: UInt64 = 0
        var line: [Waiter] = []
        /// Cancelled before they had come to stand in line.
        var gone: Set<UInt64> = []
    }

    private let state: Locked<State>

    init(places: Int) {
        state = Locked(State(free: max(1, places)))
    }

    /// Runs `body` when there is a place. Throws `transient` when the task is cancelled while it waits.
    func pass<R>(_ body: () async throws(VaultError) -> R) async throws(VaultError) -> R {
        guard await enter() else {
            throw VaultError(
                .transient, "cancelled while waiting for other calls to the vault; nothing was sent")
        }
        defer { leave() }
        return try await body()
    }

    private func enter() async -> Bool {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        // A cancellation may come when the place is given already; it then leaves its number behind.
        defer { state.withLock { _ = $0.gone.remove(number) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { admit in
                let verdict = state.withLock { state -> Bool? in
                    if state.gone.remove(number) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.line.append(Waiter(number: number, admit: admit))
                    return nil
                }
                if let verdict { admit.resume(returning: verdict) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                if let place = state.line.firstIndex(where: { $0.number == number }) {
                    return state.line.remove(at: place)
                }
                state.gone.insert(number)
                return nil
            }
            waiter?.admit.resume(returning: false)
        }
    }

    private func leave() {
        let next = state.withLock { state -> Waiter? in
            if state.line.isEmpty {
                state.free += 1
                return nil
            }
            // The place goes straight to the first in line.
            return state.line.removeFirst()
        }
        next?.admit.resume(returning: true)
    }
}
