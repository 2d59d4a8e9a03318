import Crypto
import RotaCore

/// Gathers uses in memory: who answers for a value only notes it here, and a loop writes the sums down.
///
/// It is also the tracker: what it writes says from when to when uses would have been seen, so that idle clocks
/// stand still while nobody looks. The first use of a version is written down at once, and so is whatever somebody may
/// soon decide by; else a version is written once a minute, however often it is used.
///
/// Memory is bounded by `capacity`. Uses beyond it are lost and counted, and the time in which that happened does not
/// count as watched: nobody is taken for idle because of it.
///
/// ```
/// let log = UseLog(tracker: "serve:host-a")
/// log.note(Use(tokenID: id, version: 3, at: clock.now(), source: "10.0.0.7"))   // any thread, often
/// try await log.flush(into: store, at: clock.reading())                         // a loop, each second
/// try await log.finish(into: store, at: clock.reading())                        // once, at the end
/// ```
package final class UseLog: Sendable {
    struct State {
        var waiting: [ShortKey: WaitingUses] = [:]
        /// How many of them wait for nothing, and only tell when they were written down.
        var idle = 0
        var lost = 0
        /// Since when it watches without a break, and when it was last asked; nil before the first flush or use.
        var stretch: Heartbeat?
        /// The heartbeat that was last written, and when.
        var written: (heartbeat: Heartbeat, at: Instant)?
        var clock = UseClock()
        var lastFlush: Instant?
    }

    /// Which sum it is, in little room: there is one for every version in use.
    struct ShortKey: Hashable {
        private let tokenID: TokenID
        private let version: Int32
        private let day: ShortInstant

        /// Nil for a version that no token gets to.
        init?(_ key: UseTally.Key) {
            guard let version = Int32(exactly: key.version) else { return nil }
            (tokenID, self.version, day) = (key.tokenID, version, ShortInstant(key.day))
        }

        var key: UseTally.Key { UseTally.Key(tokenID: tokenID, version: Int(version), day: day.instant) }
    }

    /// What was noted and not yet written down.
    package struct Batch: Sendable {
        package var tallies: [UseTally]
        /// Uses that there was no room for.
        package var lost: Int
        /// From when on uses were noted that are not in it, since they can wait; nil when all are.
        var complete: Instant?

        package var isEmpty: Bool { tallies.isEmpty && lost == 0 }
    }

    /// Who watches: one name for each process that answers, such as `serve:host-a`.
    package let tracker: String
    private let capacity: Int
    let state = Locked(State())

    /// - parameter capacity: how many versions are kept apart.
    package init(tracker: String, capacity: Int = 196_608) {
        self.tracker = tracker
        self.capacity = capacity
    }

    /// Notes one use. Costs a lock and a look-up, never any I/O; call it from any thread.
    package func note(_ use: Use) {
        let key = UseTally.Key(use)
        state.withLock { state in
            state.noteAsked(at: use.at, tracker: tracker)
            state.change(key, capacity: capacity, orLose: 1) { $0.add(use, to: key) }
        }
    }

    /// How many uses are not written down.
    package var count: Int {
        state.withLock { state in state.waiting.values.reduce(state.lost) { $0 + $1.total } }
    }

    /// Takes out all that was noted, in the order of tokens, versions and days.
    package func drain() -> Batch {
        take(limit: .max) { _ in true }
    }

    /// Takes out what is to be written down at an instant, and leaves what can wait; all of it where so many versions
    /// are in use that memory is better spent on others.
    func drainDue(at now: Instant, limit: Int) -> Batch {
        let isCrowded = state.withLock { $0.waiting.count > capacity / 2 }
        return take(limit: limit, writtenAt: isCrowded ? .beginning : now) { isCrowded || $0.isDue(at: now) }
    }

    /// Takes out the sums that are due, `limit` of them at the most.
    func take(limit: Int, writtenAt: Instant = .beginning, where isDue: (WaitingUses) -> Bool) -> Batch {
        var batch = state.withLock { $0.take(limit: limit, writtenAt: writtenAt, where: isDue) }
        batch.tallies.sort { $0.key < $1.key }
        return batch
    }

    /// Puts back what could not be written down, as if it had not been drained.
    func putBack(_ batch: Batch) {
        state.withLock { state in
            state.lost += batch.lost
            for tally in batch.tallies {
                let count = tally.accepted.count + tally.refused.count
                state.change(tally.key, capacity: capacity, orLose: count) { $0.putBack(tally) }
            }
        }
    }
}

extension UseLog.State {
    /// Changes what waits for a version, where there is room for it.
    fileprivate mutating func change(
        _ key: UseTally.Key, capacity: Int, orLose count: Int, _ body: (inout WaitingUses) -> Void
    ) {
        guard let short = UseLog.ShortKey(key) else { return lost += count }
        if let index = waiting.index(forKey: short) {
            if waiting.values[index].isEmpty { idle -= 1 }
            return body(&waiting.values[index])
        }
        if waiting.count >= capacity, idle > 0 { forgetIdle { _ in true } }
        guard waiting.count < capacity else { return lost += count }
        var uses = WaitingUses()
        body(&uses)
        waiting[short] = uses
    }

    fileprivate mutating func take(
        limit: Int, writtenAt: Instant, where isDue: (WaitingUses) -> Bool
    ) -> UseLog.Batch {
        var batch = UseLog.Batch(tallies: [], lost: lost)
        lost = 0
        // Not by `indices`: they hold on to the table, and to change it would then be to copy it.
        var index = waiting.startIndex
        while index != waiting.endIndex {
            defer { waiting.formIndex(after: &index) }
            let (short, uses) = waiting[index]
            if uses.isEmpty { continue }
            if batch.tallies.count < limit, isDue(uses) {
                batch.tallies.append(uses.tally(of: short.key))
                waiting.values[index] = WaitingUses(writtenAt: writtenAt)
                idle += 1
            } else {
                batch.complete = min(batch.complete ?? uses.since, uses.since)
            }
        }
        if idle > 0 { forgetIdle(where: isDue) }
        return batch
    }

    private mutating func forgetIdle(where isOld: (WaitingUses) -> Bool) {
        let old = waiting.filter { $0.value.isEmpty && isOld($0.value) }
        for key in old.keys { waiting[key] = nil }
        idle -= old.count
    }
}

extension UseLog.Batch {
    /// The same with nothing in the future: a clock that was ahead for a moment noted it so.
    consuming func notLater(than now: Instant) -> UseLog.Batch {
        complete = complete.map { min($0, now) }
        guard tallies.contains(where: { $0.isLater(than: now) }) else { return self }
        var sums: [UseTally.Key: UseTally] = [:]
        for tally in tallies.map({ $0.notLater(than: now) }) {
            sums[tally.key, default: UseTally(key: tally.key)].merge(tally)
        }
        tallies = sums.values.sorted { $0.key < $1.key }
        return self
    }
}

extension UseLog.State {
    /// A tracker that was not asked for long, or never, begins anew: see ``Heartbeat``.
    fileprivate mutating func noteAsked(at now: Instant, tracker: String) {
        // By a clock that has moved since the last look nothing begins, and nothing ends: the next look tells.
        if let looked = clock.trusted?.wall,
            now < looked - ClockReading.tolerance || now > looked + ClockReading.tolerance
        {
            return
        }
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
