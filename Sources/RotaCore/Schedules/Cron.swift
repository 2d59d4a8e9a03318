/// When something happens, by the fields of a local clock: a pattern of the Open Cron Pattern Specification
/// 1.0, or one of the nicknames of its 1.1.
///
/// Where day of month and day of week are both restricted, that is, neither is `*`, either one will do.
package struct Cron: Hashable, Sendable, CustomStringConvertible {
    /// As it was written, with single blanks; a nickname stays one.
    package let description: String
    let minutes: CronSet
    let hours: CronSet
    let daysOfMonth: CronSet
    let months: CronSet
    /// 0 is Sunday; a 7 was read as 0.
    let daysOfWeek: CronSet
    /// Whether one of day of month and day of week is enough.
    let eitherDay: Bool
    /// Whether it names times of day, rather than beginning minute or hour with `*`. Such times happen once on
    /// each day that has them, also where the clock is moved; the others follow the time that passes.
    let isFixed: Bool

    /// Reads a pattern; names and nicknames in any case.
    package init(_ text: String) throws(CronFault) {
        self = try CronParser(text).pattern()
    }

    init(fields: [CronField: CronSet], texts: [String], description: String) {
        self.description = description
        minutes = fields[.minute] ?? CronSet()
        hours = fields[.hour] ?? CronSet()
        daysOfMonth = fields[.dayOfMonth] ?? CronSet()
        months = fields[.month] ?? CronSet()
        daysOfWeek = fields[.dayOfWeek] ?? CronSet()
        eitherDay = texts[2] != "*" && texts[4] != "*"
        isFixed = !texts[0].hasPrefix("*") && !texts[1].hasPrefix("*")
    }

    /// Whether it has any day at all: `0 0 30 2 *` has none.
    package var isPossible: Bool {
        guard !eitherDay, let first = daysOfMonth.first(atOrAfter: 0) else { return true }
        // A leap year has every date that there is.
        return (1...12).contains { months.contains($0) && first <= CivilDate.daysInMonth($0, of: 2000) }
    }

    func matches(_ date: CivilDate, weekday: Int64) -> Bool {
        guard months.contains(date.month) else { return false }
        let (ofMonth, ofWeek) = (daysOfMonth.contains(date.day), daysOfWeek.contains(weekday))
        return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek
    }
}

/// Why a text is no cron pattern, and where.
package struct CronFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    /// From 1, in Unicode scalars.
    package var column: Int
    /// What to write instead.
    package var hint: String

    /// `column: message`.
    package var description: String { "\(column): \(message)" }
}

/// The values that one field allows: numbers below 64.
struct CronSet: Hashable, Sendable {
    private var bits: UInt64 = 0

    func contains(_ value: Int64) -> Bool { bits >> UInt64(value) & 1 == 1 }

    mutating func insert(_ value: Int64) { bits |= 1 << UInt64(value) }

    /// The least value that is no less; nil when there is none.
    func first(atOrAfter value: Int64) -> Int64? {
        let rest = value > 63 ? 0 : bits & (~0 << UInt64(value))
        return rest == 0 ? nil : Int64(rest.trailingZeroBitCount)
    }

    /// The greatest value that is no more; nil when there is none.
    func last(atOrBefore value: Int64) -> Int64? {
        guard value >= 0 else { return nil }
        let rest = value >= 63 ? bits : bits & ~(~0 << UInt64(value + 1))
        return rest == 0 ? nil : Int64(63 - rest.leadingZeroBitCount)
    }
}
