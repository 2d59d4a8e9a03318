/// The clock of a place: how far it is ahead of UTC, at every instant of past and future.
package struct Zone: Hashable, Sendable {
    /// An instant, in seconds of UTC, from which on an offset holds.
    struct Transition: Hashable, Sendable {
        var at: Int64
        /// Seconds east of UTC.
        var offset: Int64
    }

    /// The time between two transitions.
    struct Stretch: Equatable {
        /// The first second of it; `Int64.min` when nothing came before.
        var start: Int64
        /// The first second after it; `Int64.max` when nothing comes after.
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64
    }

    /// The name in the IANA database.
    package let name: String
    private let offsetAtFirst: Int64
    private let transitions: [Transition]
    /// What holds after the last of them; nil when nothing changes any more.
    private let rule: ZoneRule?

    /// Without any change.
    package static let utc = Zone(name: "UTC", offsetAtFirst: 0, transitions: [], rule: nil)

    init(name: String, offsetAtFirst: Int64, transitions: [Transition], rule: ZoneRule?) {
        self.name = name
        self.offsetAtFirst = offsetAtFirst
        self.transitions = transitions
        self.rule = rule
    }

    /// Seconds east of UTC.
    package func offset(at instant: Instant) -> Int64 { stretch(at: instant.seconds).offset }

    /// Seconds east of UTC, at an instant in seconds since 1970.
    func offset(at time: Int64) -> Int64 { stretch(at: time).offset }

    /// The time around an instant in which the offset stays as it is.
    func stretch(at time: Int64) -> Stretch {
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= time { low = middle + 1 } else { high = middle }
        }
        let last = low == 0 ? Transition(at: .min, offset: offsetAtFirst) : transitions[low - 1]
        guard low == transitions.count else {
            return Stretch(start: last.at, end: transitions[low].at, offset: last.offset)
        }
        return rule?.stretch(at: time, after: last) ?? Stretch(start: last.at, end: .max, offset: last.offset)
    }
}

// MARK: - The local clock

/// Local times are counted in seconds from 1970-01-01T00:00:00 on the local clock. No clock is further than
/// 26 hours from UTC.
extension Zone {
    static let farthestOffset: Int64 = 26 * 3600

    /// The highest local time that the clock has shown until now: more than it shows, where it was set back.
    func highestLocalTime(until time: Int64) -> Int64 {
        var stretch = stretch(at: time)
        var highest = time + stretch.offset
        // Whatever ended earlier than this showed less.
        while stretch.start > time - 2 * Self.farthestOffset {
            let last = stretch.start - 1
            stretch = self.stretch(at: last)
            highest = max(highest, last + stretch.offset)
        }
        return highest
    }

    /// When the clock reaches a local time, or passes it: the first of two where it is set back, and where it
    /// is set forward over that time, the moment in which it is.
    func firstInstant(atOrPast local: Int64) -> Int64 {
        var stretch = stretch(at: local - Self.farthestOffset)
        while local - stretch.offset >= stretch.end { stretch = self.stretch(at: stretch.end) }
        return max(stretch.start, local - stretch.offset)
    }

    /// For people: the local time with its distance to UTC, such as `Sun 2026-03-29T02:00:00+01:00`.
    package func localTime(of instant: Instant) -> String {
        let offset = offset(at: instant)
        let shown = Instant(seconds: instant.seconds + offset)
        let day = CivilDate.weekday(ofDaysSinceEpoch: shown.seconds.flooredQuotient(86_400))
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(day)]
        return "\(weekday) \(shown.description.dropLast())\(Self.distance(offset))"
    }

    private static func distance(_ offset: Int64) -> String {
        if offset == 0 { return "Z" }
        func digits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let size = abs(offset)
        let text = (offset < 0 ? "-" : "+") + digits(size / 3600) + ":" + digits(size / 60 % 60)
        return size % 60 == 0 ? text : text + ":" + digits(size % 60)
    }
}
