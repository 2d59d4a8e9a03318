/// Times that are known beforehand in which nothing is changed: holidays, the end of a year, weekends.
///
/// By the local clock of one zone. Pure: the same calendar and instant, the same answer. Where that clock is changed,
/// a time that comes twice is the first of the two, and one that is left out the moment in which it is.
package struct FreezeCalendar: Hashable, Sendable {
    /// A stretch of local time, its end not in it, in seconds since 1970-01-01T00:00:00 on the local clock.
    package struct Dates: Hashable, Sendable {
        package var from: Int64
        package var until: Int64
        package var reason: String

        package init(from: Int64, until: Int64, reason: String) {
            self.from = from
            self.until = until
            self.reason = reason
        }
    }

    /// The same of each week, in seconds since Monday, 00:00.
    package struct Weekly: Hashable, Sendable {
        /// Within the week.
        package var from: Int64
        /// Later than it, by a week at the most: it may lie in the next one.
        package var until: Int64
        package var reason: String

        package init(from: Int64, until: Int64, reason: String) {
            self.from = from
            self.until = until
            self.reason = reason
        }
    }

    /// A freeze of it, from its beginning until just before its end.
    package struct Span: Hashable, Sendable {
        package var reason: String
        package var begin: Instant
        package var end: Instant

        package init(reason: String, begin: Instant, end: Instant) {
            self.reason = reason
            self.begin = begin
            self.end = end
        }
    }

    package static let week: Int64 = 7 * 86_400
    /// Monday, 5 January 1970, on the local clock.
    private static let firstMonday: Int64 = 4 * 86_400

    package let zone: Zone
    package let dates: [Dates]
    package let weekly: [Weekly]

    /// Nil where the weekly freezes leave no moment of a week: nothing would ever be done.
    package init?(zone: Zone, dates: [Dates], weekly: [Weekly]) {
        var covered: Int64 = 0
        // What reaches into the next week covers the beginning of this one.
        let earlier = weekly.map { ($0.from - Self.week, $0.until - Self.week) }
        for (from, until) in (earlier + weekly.map { ($0.from, $0.until) }).sorted(by: { $0 < $1 })
        where from <= covered {
            covered = max(covered, until)
        }
        guard covered < Self.week else { return nil }
        self.zone = zone
        self.dates = dates
        self.weekly = weekly
    }

    /// The freeze that is on at an instant: why, since when, and until when, with all that follow it without a break.
    /// Nil when there is none.
    package func freeze(at now: Instant) -> Span? {
        guard var span = spans(at: now).first else { return nil }
        // Each step goes further, and the weekly ones leave a gap in every week.
        while let end = spans(at: span.end).map(\.end).max() { span.end = end }
        return span
    }

    /// The freezes of a time, those that reach into it included, by their beginning.
    package func spans(from start: Instant, until end: Instant) -> [Span] {
        guard start < end else { return [] }
        // A span of the local clock is moved against UTC by less than this.
        let slack = 2 * Zone.farthestOffset
        let first = (start.seconds - slack - Self.firstMonday).flooredQuotient(Self.week) - 1
        let last = (end.seconds + slack - Self.firstMonday).flooredQuotient(Self.week)
        var found = dates.map { span(from: $0.from, until: $0.until, $0.reason) }
        for number in weekly.isEmpty ? 0..<0 : first..<last + 1 {
            let monday = Self.firstMonday + number * Self.week
            found += weekly.map { span(from: monday + $0.from, until: monday + $0.until, $0.reason) }
        }
        return found.filter { $0.begin < end && $0.end > start }
            .sorted { ($0.begin, $0.end, $0.reason) < ($1.begin, $1.end, $1.reason) }
    }

    /// The first freeze that begins after an instant; nil when none is known.
    package func next(after now: Instant) -> Span? {
        // A weekly one comes within a week, but for a clock that is changed.
        let near = spans(from: now, until: now + .days(9)).first { $0.begin > now }
        return near
            ?? dates.map { span(from: $0.from, until: $0.until, $0.reason) }.filter { $0.begin > now }
            .min { $0.begin < $1.begin }
    }

    private func spans(at now: Instant) -> [Span] { spans(from: now, until: now + TimeSpan(seconds: 1)) }

    private func span(from: Int64, until: Int64, _ reason: String) -> Span {
        Span(
            reason: reason, begin: Instant(seconds: zone.firstInstant(atOrPast: from)),
            end: Instant(seconds: zone.firstInstant(atOrPast: until)))
    }
}

// MARK: - Local times as they are written

extension FreezeCalendar {
    /// The first second of a day such as `2026-12-24`, on the local clock; nil for anything else.
    package static func day(_ text: String) -> Int64? {
        guard text.utf8.count == 10, let instant = Instant(text) else { return nil }
        return instant.seconds
    }

    /// A day, or a minute of one such as `2026-12-24 18:00`: the first second of it, and whether it is a whole day.
    package static func moment(_ text: String) -> (at: Int64, isDay: Bool)? {
        if let day = day(text) { return (day, true) }
        guard text.utf8.count == 16, let separator = text.dropFirst(10).first, separator == " " || separator == "T",
            let day = day(String(text.prefix(10))), let time = time(String(text.suffix(5)))
        else { return nil }
        return (day + time, false)
    }

    /// Seconds of the day, from `00:00` to `24:00`; nil for anything else.
    package static func time(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let hour = Int64(parts[0]), let minute = Int64(parts[1]), minute < 60,
            hour < 24 || hour == 24 && minute == 0
        else { return nil }
        return hour * 3600 + minute * 60
    }
}
