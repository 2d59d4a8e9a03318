/// From when to when a token broke a rule, as runs found it.
package struct FindingSpan: Hashable, Sendable {
    /// How it came to its end.
    package enum End: Sendable {
        /// The rule is kept again, or the token does not authenticate any more.
        case resolved
        /// Somebody excepted it, or the rule is not asked of it any more: nothing was resolved.
        case dropped
    }

    package var tokenID: TokenID
    package var rule: RuleReference
    package var openedAt: Instant
    /// Nil while it is open.
    package var closedAt: Instant?
    package var end: End

    package init(
        tokenID: TokenID, rule: RuleReference, openedAt: Instant, closedAt: Instant? = nil, end: End = .resolved
    ) {
        self.tokenID = tokenID
        self.rule = rule
        self.openedAt = openedAt
        self.closedAt = closedAt
        self.end = end
    }
}

/// How many violations stood open on each day of a period, and how long it took to resolve those that were resolved
/// in it. Its size does not depend on how many there were.
package struct ViolationHistory: Sendable {
    /// One day of UTC.
    package struct Day: Hashable, Sendable {
        /// Its midnight.
        package var date: Instant
        /// At its end, or at the end of the period.
        package var open = 0
        package var opened = 0
        package var closed = 0
    }

    private static let mostDays: Int64 = 366

    package let from: Instant
    package let to: Instant
    /// When the first run of all began, before which nothing is known; nil: there was none.
    package let firstRun: Instant?
    /// With how many more are open at the end of a day than of the day before.
    private var changes: [Day]
    /// When the period begins.
    package private(set) var openBefore = 0
    package private(set) var opened = 0
    /// What ended without being resolved.
    package private(set) var dropped = 0
    /// What was resolved in the period, of all rules together.
    package private(set) var resolved = ResolutionTimes()
    package private(set) var byRule: [RuleReference: ResolutionTimes] = [:]
    /// When what is open longest was opened.
    package private(set) var oldestOpen: Instant?

    package init(from: Instant, to: Instant, firstRun: Instant?) {
        self.from = from
        self.to = to
        self.firstRun = firstRun
        let end = to.midnight
        let count = min(Self.mostDays, max(0, (end - from.midnight).seconds / 86_400) + 1)
        changes = (0..<count).map { Day(date: end - .days(count - 1 - $0)) }
    }

    /// Every day of the period since there are runs, the latest year of a longer one.
    package var days: [Day] {
        var open = 0
        let days = changes.map { change in
            open += change.open
            return Day(date: change.date, open: open, opened: change.opened, closed: change.closed)
        }
        guard let firstRun else { return [] }
        return days.filter { $0.date >= firstRun.midnight }
    }

    /// Whether runs were there when the period began: else nobody knows what was open then.
    package var beginsKnown: Bool { firstRun.map { $0 <= from } ?? false }

    /// How many are open at the end of the period.
    package var openAfter: Int { changes.reduce(0) { $0 + $1.open } }

    /// Whether anything was ever found.
    package var isEmpty: Bool { openBefore == 0 && opened == 0 }

    /// - parameter span: one that was not closed before the period.
    package mutating func add(_ span: FindingSpan) {
        guard span.openedAt <= to, let first = changes.first else { return }
        let closedAt = span.closedAt.flatMap { $0 <= to ? $0 : nil }
        if let closedAt, closedAt < from { return }
        if span.openedAt < from { openBefore += 1 } else { opened += 1 }
        let begin = place(of: span.openedAt, first)
        changes[begin].open += 1
        if span.openedAt >= first.date { changes[begin].opened += 1 }
        if let closedAt {
            let end = place(of: closedAt, first)
            changes[end].open -= 1
            if closedAt >= first.date { changes[end].closed += 1 }
            close(span, after: closedAt - span.openedAt)
        } else if span.openedAt < oldestOpen ?? to {
            oldestOpen = span.openedAt
        }
    }

    private mutating func close(_ span: FindingSpan, after time: TimeSpan) {
        switch span.end {
        case .resolved:
            resolved.add(time)
            byRule[span.rule, default: ResolutionTimes()].add(time)
        case .dropped: dropped += 1
        }
    }

    private func place(of instant: Instant, _ first: Day) -> Int {
        min(changes.count - 1, max(0, Int((instant.midnight - first.date).seconds / 86_400)))
    }
}

/// How long it took to comply: counted by the hour for a year, so that a share of them is known to the hour.
package struct ResolutionTimes: Hashable, Sendable {
    private static let mostHours: Int64 = 366 * 24

    package private(set) var count = 0
    package private(set) var longest = TimeSpan.zero
    private var hours: [Int64: Int] = [:]

    package init() {}

    package mutating func add(_ time: TimeSpan) {
        count += 1
        longest = max(longest, time)
        // Those of an hour begun.
        hours[min(Self.mostHours, (max(0, time.seconds) + 3599) / 3600), default: 0] += 1
    }

    /// Within how many hours so many of a hundred were mended; nil where none was.
    package func within(percent: Int) -> TimeSpan? {
        guard count > 0 else { return nil }
        let needed = (count * percent + 99) / 100
        var seen = 0
        for (hour, number) in hours.sorted(by: { $0.key < $1.key }) {
            seen += number
            if seen >= needed { return hour >= Self.mostHours ? longest : min(longest, .hours(hour)) }
        }
        return longest
    }

    /// How many were mended within a time.
    package func count(within limit: TimeSpan) -> Int {
        hours.reduce(0) { $0 + ($1.key * 3600 <= limit.seconds ? $1.value : 0) }
    }
}
