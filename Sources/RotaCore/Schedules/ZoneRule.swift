/// The rule for all years after the last transition that a zone file lists: a POSIX TZ string as RFC 9636
/// extends it, such as `EST5EDT,M3.2.0,M11.1.0` or `<+03>-3`.
struct ZoneRule: Hashable, Sendable {
    /// A day of each year.
    enum Day: Hashable, Sendable {
        /// 1 to 365, where 29 February has no number.
        case julian(Int64)
        /// 0 to 365.
        case ofYear(Int64)
        /// The first to the fourth, or the fifth for the last, such weekday of a month.
        case weekday(Int64, week: Int64, month: Int64)
    }

    /// A moment of each year, by the clock that holds until then.
    struct Moment: Hashable, Sendable {
        var day: Day
        /// Seconds after the midnight of that day; may be before it, or days later.
        var time: Int64
    }

    /// Summer time, in zones that have it.
    struct Summer: Hashable, Sendable {
        var offset: Int64
        var start: Moment
        var end: Moment
    }

    /// Seconds east of UTC.
    var standard: Int64
    var summer: Summer?

    /// - parameter last: what came before the first change of the rule.
    func stretch(at time: Int64, after last: Zone.Transition) -> Zone.Stretch {
        guard let summer else { return Zone.Stretch(start: last.at, end: .max, offset: standard) }
        let year = CivilDate(daysSinceEpoch: time.flooredQuotient(86_400)).year
        var stretch = Zone.Stretch(start: last.at, end: .max, offset: last.offset)
        for change in (year - 1...year + 1).flatMap({ changes(of: $0, summer) }) where change.at > last.at {
            guard change.at <= time else {
                stretch.end = change.at
                break
            }
            stretch.start = change.at
            stretch.offset = change.offset
        }
        return stretch
    }

    /// The two changes of a year in their order. A zone with summer time all year ends it at the instant at
    /// which the next one begins, and the beginning wins.
    private func changes(of year: Int64, _ summer: Summer) -> [Zone.Transition] {
        let start = Zone.Transition(at: summer.start.local(in: year) - standard, offset: summer.offset)
        let end = Zone.Transition(at: summer.end.local(in: year) - summer.offset, offset: standard)
        return start.at < end.at ? [start, end] : [end, start]
    }
}

extension ZoneRule.Moment {
    /// Seconds from 1970-01-01T00:00:00 on the local clock.
    func local(in year: Int64) -> Int64 { day.daysSinceEpoch(in: year) * 86_400 + time }
}

extension ZoneRule.Day {
    func daysSinceEpoch(in year: Int64) -> Int64 {
        let newYear = CivilDate.daysSinceEpoch(year: year, month: 1)
        switch self {
        case .ofYear(let day): return newYear + day
        case .julian(let day): return newYear + day - (CivilDate.isLeap(year) && day >= 60 ? 0 : 1)
        case .weekday(let weekday, let week, let month):
            let first = CivilDate.daysSinceEpoch(year: year, month: month)
            let found = first + (weekday - CivilDate.weekday(ofDaysSinceEpoch: first)).flooredRemainder(7)
            let last = first + CivilDate.daysInMonth(month, of: year) - 1
            return min(found + (week - 1) * 7, last - (last - found).flooredRemainder(7))
        }
    }
}

// MARK: - Reading it

extension ZoneRule {
    /// Nil for what is no such rule.
    init?(_ text: String) {
        var reader = ZoneRuleReader(Array(text.utf8))
        guard reader.name(), let standard = reader.time(mostHours: 24) else { return nil }
        self.standard = -standard
        summer = nil
        if reader.isAtEnd { return }
        guard reader.name() else { return nil }
        var offset = self.standard + 3600
        if !reader.isAt(",") {
            guard let given = reader.time(mostHours: 24) else { return nil }
            offset = -given
        }
        guard let start = reader.moment(), let end = reader.moment(), reader.isAtEnd else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }
}

/// Walks a rule.
private struct ZoneRuleReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    func isAt(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        position += 1
        return true
    }

    /// An abbreviation: letters, or anything in angle brackets.
    mutating func name() -> Bool {
        let isQuoted = take("<")
        let start = position
        while position < bytes.count, isQuoted ? bytes[position] != UInt8(ascii: ">") : isLetter(bytes[position]) {
            position += 1
        }
        return position > start && (!isQuoted || take(">"))
    }

    private func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    private mutating func number(in range: ClosedRange<Int64>) -> Int64? {
        var value: Int64 = 0
        let start = position
        while position < bytes.count, (48...57).contains(bytes[position]), position - start < 4 {
            value = value * 10 + Int64(bytes[position] - 48)
            position += 1
        }
        return position > start && range.contains(value) ? value : nil
    }

    /// `5`, `-3:30`, `+1:02:03`, in seconds.
    mutating func time(mostHours: Int64) -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(in: 0...mostHours) else { return nil }
        var total = hours * 3600
        for unit: Int64 in [60, 1] where isAt(":") {
            _ = take(":")
            guard let value = number(in: 0...59) else { return nil }
            total += value * unit
        }
        return isNegative ? -total : total
    }

    /// `,M3.2.0/2`: a day, and a time that is two o'clock where none is given.
    mutating func moment() -> ZoneRule.Moment? {
        guard take(","), let day = day() else { return nil }
        guard take("/") else { return ZoneRule.Moment(day: day, time: 7200) }
        return time(mostHours: 167).map { ZoneRule.Moment(day: day, time: $0) }
    }

    private mutating func day() -> ZoneRule.Day? {
        if take("J") { return number(in: 1...365).map { .julian($0) } }
        guard take("M") else { return number(in: 0...365).map { .ofYear($0) } }
        guard let month = number(in: 1...12), take("."), let week = number(in: 1...5), take("."),
            let weekday = number(in: 0...6)
        else { return nil }
        return .weekday(weekday, week: week, month: month)
    }
}
