/// A policy with when it runs.
package struct ScheduledPolicy: Hashable, Sendable {
    package var name: String
    package var schedule: Schedule

    package init(_ name: String, _ schedule: Schedule) {
        self.name = name
        self.schedule = schedule
    }
}

/// What is kept of a policy's schedule from one look to the next.
package struct ScheduleEntry: Hashable, Sendable {
    package var policy: String
    /// The schedule as `Schedule.description` has it.
    package var schedule: String
    package var nextDue: Instant
    /// The fire for which it ran last; nil before the first.
    package var lastFired: Instant?

    package init(policy: String, schedule: String, nextDue: Instant, lastFired: Instant? = nil) {
        self.policy = policy
        self.schedule = schedule
        self.nextDue = nextDue
        self.lastFired = lastFired
    }
}

/// One fire of one policy, or one turn after it.
package struct Fire: Hashable, Sendable {
    package var policy: String
    /// The schedule as `Schedule.description` has it.
    package var schedule: String
    package var at: Instant
    /// The fire after it.
    package var next: Instant

    package init(policy: String, schedule: String, at: Instant, next: Instant) {
        self.policy = policy
        self.schedule = schedule
        self.at = at
        self.next = next
    }
}

/// An entry that is to be written, in the place of the one that was found.
package struct ScheduleSettlement: Hashable, Sendable {
    package var entry: ScheduleEntry
    /// Nil when the policy is new.
    package var replaced: ScheduleEntry?

    package init(entry: ScheduleEntry, replaced: ScheduleEntry?) {
        self.entry = entry
        self.replaced = replaced
    }
}

/// What the schedules call for at an instant.
///
/// Where tokens are spread over the time after a fire, each of their turns counts as a fire.
/// However many fires were missed, a policy runs once for them, under the last. A policy that is new, or whose
/// schedule or zone changed, waits for its next fire: a change never makes it run.
package struct Agenda: Hashable, Sendable {
    /// What runs now; by policy.
    package var firing: [Fire] = []
    /// What is past its window: it does not run any more, and the next fire takes its place.
    package var missed: [Fire] = []
    /// Entries that are new, or do not go with their schedule any more.
    package var settling: [ScheduleSettlement] = []
    /// Entries of policies that are not loaded, and that nobody else has served for a day.
    package var forgotten: [ScheduleEntry] = []
    /// When the next policy fires, later than now; nil without policies.
    package var nextFire: Instant?

    /// A clock set back by less than this is no news.
    private static let slack = ClockReading.tolerance

    package init(of policies: [ScheduledPolicy], entries: [ScheduleEntry], at now: Instant) {
        var known = Dictionary(entries.map { ($0.policy, $0) }, uniquingKeysWith: { first, _ in first })
        for policy in policies.sorted(by: { $0.name < $1.name }) {
            let entry = known.removeValue(forKey: policy.name)
            let next = consider(policy, entry, at: now)
            nextFire = min(nextFire ?? next, next)
        }
        // Another process with other policies may serve them; then they are not overdue.
        forgotten = known.values.filter { $0.nextDue < now - .days(1) }.sorted { $0.policy < $1.policy }
    }

    /// Answers when the policy fires next, later than now.
    private mutating func consider(_ policy: ScheduledPolicy, _ entry: ScheduleEntry?, at now: Instant) -> Instant {
        let schedule = policy.schedule
        guard let entry, entry.goesWith(schedule, at: now, slack: Self.slack) else {
            // Not at a turn that is left of this one: that would be to run for the change.
            let next = schedule.next(after: now)
            // A fire that lies ahead was one of a clock that was wrong.
            let last = entry?.lastFired.flatMap { $0 < next ? $0 : nil }
            let settled = ScheduleEntry(
                policy: policy.name, schedule: schedule.description, nextDue: next, lastFired: last)
            settling.append(ScheduleSettlement(entry: settled, replaced: entry))
            return next
        }
        let next = schedule.nextTurn(after: now)
        guard entry.nextDue <= now else { return entry.nextDue }
        let fire = Fire(
            policy: policy.name, schedule: entry.schedule, at: schedule.lastTurn(atOrBefore: now), next: next)
        if schedule.admits(fire.at, at: now) { firing.append(fire) } else { missed.append(fire) }
        return next
    }
}

extension ScheduleEntry {
    /// Whether it was written for this schedule, under the zone rules of today, by a clock that was right.
    fileprivate func goesWith(_ schedule: Schedule, at now: Instant, slack: TimeSpan) -> Bool {
        guard self.schedule == schedule.description, schedule.lastTurn(atOrBefore: nextDue) == nextDue
        else { return false }
        // A fire of a moment ago lies ahead after the clock was set back a little: it is not fired again.
        let last = lastFired.map { $0 <= now + slack ? max($0, now) : now } ?? now
        return nextDue <= schedule.next(after: last)
    }
}
