import Crypto
import RotaCore

/// Gathers uses in memory: who answers for a value only notes it here, and a loop writes the sums down.
///
/// Memory is bounded by the number of versions used between two flushes, and that by `capacity`. Uses
/// beyond it are lost, and counted: nobody is taken for idle because of them.
package final class UseLog: Sendable {
    private struct State {
        var tallies: [UseTally.Key: UseTally] = [:]
        var lost = 0
    }

    /// What was noted between two drains.
    package struct Batch: Sendable {
        package var tallies: [UseTally]
        /// Uses that there was no room for.
        package var lost: Int

        package var isEmpty: Bool { tallies.isEmpty && lost == 0 }
    }

    /// Who watches: one name for each process that answers, such as `serve:host-a`.
    package let tracker: String
    private let capacity: Int
    private let state = Locked(State())

    /// - parameter capacity: how many versions are kept apart between two flushes.
    package init(tracker: String, capacity: Int = 32_768) {
        self.tracker = tracker
        self.capacity = capacity
    }

    /// Notes one use. Costs a lock and a look-up, never any I/O; call it from any thread.
    package func note(_ use: Use) {
        let key = UseTally.Key(use)
        state.withLock { state in
            if let index = state.tallies.index(forKey: key) {
                state.tallies.values[index].add(use)
            } else if state.tallies.count < capacity {
                var tally = UseTally(key: key)
                tally.add(use)
                state.tallies[key] = tally
            } else {
                state.lost += 1
            }
        }
    }

    /// Takes what was noted out, in the order of tokens, versions and days.
    package func drain() -> Batch {
        let drained = state.withLock { state in
            defer { state = State() }
            return state
        }
        return Batch(tallies: drained.tallies.values.sorted { $0.key < $1.key }, lost: drained.lost)
    }

    /// Puts back what could not be written down, as if it had not been drained.
    func putBack(_ batch: Batch) {
        state.withLock { state in
            state.lost += batch.lost
            for tally in batch.tallies {
                if let index = state.tallies.index(forKey: tally.key) {
                    state.tallies.values[index].merge(tally)
                } else if state.tallies.count < capacity {
                    state.tallies[tally.key] = tally
                } else {
                    state.lost += tally.accepted.count + tally.refused.count
                }
            }
        }
    }
}

extension UseTally.Key: Comparable {
    package static func < (left: UseTally.Key, right: UseTally.Key) -> Bool {
        (left.tokenID, left.version, left.day) < (right.tokenID, right.version, right.day)
    }
}
