import Crypto
import RotaCore

/// Gathers in memory who asked for what is not his, for a loop that writes it into the audit log: whoever is answered
/// waits for none of it, and cannot tell by the time whether there is such a token.
///
/// A prober must not fill the store: of each caller and token one is kept within an hour, and of all together so many
/// within a minute; the rest is counted, and told with the next that is kept.
package final class RefusedAccesses: Sendable {
    package static let mostPerMinute = 20
    /// How many wait where the store takes none.
    private static let mostWaiting = 200

    private struct Pair: Hashable {
        var callerID: TokenID
        var token: TokenID
    }

    private struct State {
        var waiting: [RefusedAccess] = []
        /// Of the present hour: no more than what is kept within it.
        var known: Set<Pair> = []
        var hour: Int64?
        var minute: Int64?
        /// Within the present minute.
        var kept = 0
        var untold = 0
    }

    private let state = Locked(State())

    package init() {}

    /// Notes one: costs a lock and a look-up, never any I/O; call it from any thread.
    package func note(_ refusal: RefusedAccess) {
        state.withLock { state in
            let (hour, minute) = (refusal.at.seconds / 3600, refusal.at.seconds / 60)
            if state.hour != hour { (state.hour, state.known) = (hour, []) }
            if state.minute != minute { (state.minute, state.kept) = (minute, 0) }
            let pair = Pair(callerID: refusal.callerID, token: refusal.token)
            guard !state.known.contains(pair), state.kept < Self.mostPerMinute,
                state.waiting.count < Self.mostWaiting
            else { return state.untold += 1 }
            state.known.insert(pair)
            state.kept += 1
            var refusal = refusal
            (refusal.untold, state.untold) = (state.untold, 0)
            state.waiting.append(refusal)
        }
    }

    /// Writes down what waits, in one transaction. For a loop that calls it each second: costs nothing where there is
    /// nothing. What fails waits on.
    package func write(into store: StoreQueue) async throws {
        let refusals = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        guard !refusals.isEmpty else { return }
        do {
            try await store.write { store in for refusal in refusals { try store.recordRefusal(refusal) } }
        } catch {
            state.withLock { $0.waiting = refusals + $0.waiting }
            throw error
        }
    }
}
