import Crypto
package import RotaCore

extension UseLog {
    /// How far apart heartbeats are at least.
    private static let pulse = TimeSpan(seconds: 60)
    /// How many sums share one transaction: nobody else waits long for the store.
    private static let largestBatch = 4096
    /// How many tokens that nothing was known of become watched with one heartbeat.
    private static let mostBegun = 5_000

    /// Writes down what cannot wait of what was noted, in one transaction, and once a minute a heartbeat with it.
    ///
    /// For a loop that calls it each second; a second call within the same second does nothing. Costs nothing
    /// when there is nothing to write. What fails is put back, and taken by the next flush.
    ///
    /// - parameter reading: of the same clock as the uses that are noted.
    /// - throws: store errors, after which it may be called again.
    package func flush(into store: StoreQueue, at reading: ClockReading) async throws {
        let isDue = state.withLock { state in
            defer { state.lastFlush = reading.wall }
            return state.lastFlush != reading.wall
        }
        if isDue { try await write(into: store, at: reading, isLast: false) }
    }

    /// Writes down what is left, and to when it watched: nothing is lost by a stop that waits for this.
    ///
    /// Call it once nothing is noted any more.
    package func finish(into store: StoreQueue, at reading: ClockReading) async throws {
        try await write(into: store, at: reading, isLast: true)
    }

    private func write(into store: StoreQueue, at reading: ClockReading, isLast: Bool) async throws {
        let look = state.withLock { $0.clock.look(reading) }
        let now = look.now
        // What goes on waiting would keep the last heartbeat of a stretch from speaking for all of it.
        let takesAll = isLast || look.brokeAt != nil
        let tracker = tracker
        var lost = 0
        while true {
            // A few thousand at a time, so that they take little memory, too.
            let taken =
                takesAll ? take(limit: Self.largestBatch) { _ in true } : drainDue(at: now, limit: Self.largestBatch)
            let isRest = taken.tallies.count < Self.largestBatch
            let batch = taken.notLater(than: now)
            lost += batch.lost
            do {
                guard isRest else {
                    try await store.write { try $0.recordUses(batch.tallies, by: tracker, at: now) }
                    continue
                }
                let heartbeat = heartbeat(at: look, lost: lost, complete: batch.complete, isLast: isLast)
                guard heartbeat != nil || !batch.tallies.isEmpty else { return }
                try await store.write { store in
                    try store.recordUses(batch.tallies, by: tracker, at: now)
                    guard let heartbeat else { return }
                    try store.recordHeartbeat(heartbeat, at: now)
                    guard heartbeat.watched != nil else { return }
                    _ = try store.beginTracking(heartbeat, limit: Self.mostBegun, at: now)
                }
                if let heartbeat { state.withLock { $0.written = (heartbeat, now) } }
                return
            } catch {
                putBack(Batch(tallies: batch.tallies, lost: lost))
                throw error
            }
        }
    }

    /// The heartbeat to write now; nil when the last one is young enough, or nobody knows what time it is.
    private func heartbeat(at look: UseClock.Look, lost: Int, complete: Instant?, isLast: Bool) -> Heartbeat? {
        state.withLock { state in
            let now = look.now
            guard look.isSteady else {
                defer { state.stretch = nil }
                guard let end = look.brokeAt, lost == 0, var last = state.stretch, last.startedAt < end else {
                    return nil
                }
                // All that was noted until then has been taken.
                last.beatAt = end
                return last.notLater(than: end)
            }
            var stretch = state.stretch ?? Heartbeat(tracker: tracker, startedAt: now, beatAt: now, askedAt: nil)
            // The time since the last heartbeat was not watched: what it says stays, and a new stretch begins.
            if lost > 0 { stretch.startedAt = now }
            // What waits still is not written down: a heartbeat speaks for the time before it.
            stretch.beatAt = max(stretch.startedAt, min(complete ?? now, now))
            stretch = stretch.notLater(than: now)
            state.stretch = stretch
            guard let written = state.written, written.heartbeat.startedAt == stretch.startedAt, !isLast else {
                return stretch
            }
            let age = now - written.at
            return age >= Self.pulse || age < .zero ? stretch : nil
        }
    }
}
