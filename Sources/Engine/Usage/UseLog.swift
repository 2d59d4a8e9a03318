import Crypto
import RotaCore

/// Gathers uses in memory: who answers for a value only notes it here, and a loop writes the sums down.
///
/// It is also the tracker: what it writes says from when to when uses would have been seen, so that idle clocks
/// stand still while nobody looks. Memory is bounded by `capacity`. Uses beyond it are lost and counted, and
/// the time in which that happened does not count as watched: nobody is taken for idle because of it.
///
/// ```
/// let log = UseLog(tracker: "serve:host-a")
/// log.note(Use(tokenID: id, version: 3, at: clock.now(), source: "10.0.0.7"))   // any thread, often
/// try await log.flush(into: store, at: clock.now())                             // a loop, each second
/// try await log.finish(into: store, at: clock.now())                            // once, at the end
/// ```
package final class UseLog: Sendable {
    struct State {
        var tallies: [UseTally.Key: UseTally] = [:]
        var lost = 0
        /// Since when it watches without a break, and when it was last asked; nil before the first flush or use.
        var stretch: Heartbeat?
        /// The heartbeat that was last written.
        var written: Heartbeat?
        var lastFlush: Instant?
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
    let state = Locked(State())

    /// - parameter capacity: how many versions are kept apart between two flushes.
    package init(tracker: String, capacity: Int = 32_768) {
        self.tracker = tracker
        self.capacity = capacity
    }

    /// Notes one use. Costs a lock and a look-up, never any I/O; call it from any thread.
    package func note(_ use: Use) {
        let key = UseTally.Key(use)
        state.withLock { state in
            state.noteAsked(at: use.at, tracker: tracker)
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
        let (tallies, lost) = state.withLock { state in
            defer {
                state.tallies = [:]
                state.lost = 0
            }
            return (state.tallies, state.lost)
        }
        return Batch(tallies: tallies.values.sorted { $0.key < $1.key }, lost: lost)
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

extension UseLog.State {
    /// A tracker that was not asked for long, or never, begins anew: see ``Heartbeat``.
    fileprivate mutating func noteAsked(at now: Instant, tracker: String) {
        if let asked = stretch?.askedAt, now - asked <= Heartbeat.longestSilence {
            if now > asked { stretch?.askedAt = now }
        } else {
            stretch = Heartbeat(tracker: tracker, startedAt: now, beatAt: now, askedAt: now)
        }
    }
}

extension UseTally.Key: Comparable {
    package static func < (left: UseTally.Key, right: UseTally.Key) -> Bool {
        (left.tokenID, left.version, left.day) < (right.tokenID, right.version, right.day)
    }
}
