import Foundation
import RotaCore
import Testing

@Suite struct ScheduleTests {
    private func fires(_ cron: String, _ zone: String, after: String, _ count: Int) throws -> [String] {
        try Schedule(Cron(cron), zone: Zoneinfo.zone(zone)).fires(after: instant(after), count: count)
            .map(\.description)
    }

    @Test(arguments: [
        // 02:30 does not come on 8 March: once, in the moment in which the clock is set forward.
        ("30 2 * * *", ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        // Several times that are left out are one fire; and so with one that falls on that moment.
        ("10,40 2 * * *", ["2026-03-07T07:10:00Z", "2026-03-07T07:40:00Z", "2026-03-08T07:00:00Z"]),
        ("0 2,3 * * *", ["2026-03-07T07:00:00Z", "2026-03-07T08:00:00Z", "2026-03-08T07:00:00Z"]),
        // By the time that passes: 02:30 does not come, and nothing makes up for it.
        ("30 * 8 3 *", ["2026-03-08T05:30:00Z", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"]),
        ("*/30 2 8,9 3 *", ["2026-03-09T06:00:00Z", "2026-03-09T06:30:00Z", "2027-03-08T07:00:00Z"]),
    ])
    func `where the clock is set forward, a time of day fires once in that moment`(
        cron: String, expected: [String]
    ) throws {
        #expect(try fires(cron, "America/New_York", after: "2026-03-07T06:00:00Z", 3) == expected)
    }

    @Test(arguments: [
        // 01:30 comes twice on 1 November: at the first.
        ("30 1 * * *", ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("0,30 1 1 11 *", ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2027-11-01T05:00:00Z"]),
        // By the time that passes: both.
        ("30 * 1 11 *", ["2026-11-01T04:30:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]),
    ])
    func `where the clock is set back, a time of day fires at the first of two`(
        cron: String, expected: [String]
    ) throws {
        #expect(try fires(cron, "America/New_York", after: "2026-10-31T05:00:00Z", 3) == expected)
    }

    @Test func `within the hour that comes twice, what has fired is behind`() throws {
        let schedule = try Schedule(Cron("30 1 * * *"), zone: Zoneinfo.zone("America/New_York"))
        let fire = try instant("2026-11-01T05:30:00Z")
        for minutes in stride(from: Int64(1), to: 120, by: 7) {
            let now = fire + TimeSpan(seconds: minutes * 60)
            #expect(schedule.next(after: now) == (try instant("2026-11-02T06:30:00Z")), "\(now)")
            #expect(schedule.previous(atOrBefore: now) == fire, "\(now)")
        }
    }

    @Test func `a day that a zone leaves out is made up for once, when it is over`() throws {
        #expect(
            try fires("0 12 * * *", "Pacific/Apia", after: "2011-12-29T00:00:00Z", 3) == [
                "2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z",
            ])
    }

    @Test(arguments: [
        ("6h", "2026-11-24T05:59:59Z", ["2026-11-24T06:00:00Z", "2026-11-24T12:00:00Z"]),
        ("6h", "2026-11-24T06:00:00Z", ["2026-11-24T12:00:00Z", "2026-11-24T18:00:00Z"]),
        ("7d", "2026-11-24T00:00:00Z", ["2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"]),
        ("90m", "1999-12-31T23:59:00Z", ["2000-01-01T00:00:00Z", "2000-01-01T01:30:00Z"]),
    ])
    func `a span is counted from Monday, 1 January 2001, whatever runs when`(
        every: String, after: String, expected: [String]
    ) throws {
        let schedule = try Schedule(every: #require(TimeSpan(every)))
        #expect(schedule.fires(after: try instant(after), count: 2).map(\.description) == expected)
    }

    @Test(arguments: ["59s", "0s", "367d"])
    func `a span is at least a minute and at most a year`(every: String) throws {
        let span = try #require(TimeSpan(every))
        #expect(throws: ScheduleFault.badSpan(span)) { _ = try Schedule(every: span) }
    }

    @Test func `a window admits a run from its fire until just before its end`() throws {
        let schedule = try Schedule(Cron("0 3 * * *"), zone: .utc, window: .hours(2))
        let fire = try instant("2026-11-24T03:00:00Z")
        #expect(schedule.admits(fire, at: fire))
        #expect(schedule.admits(fire, at: fire + .hours(2) - TimeSpan(seconds: 1)))
        #expect(!schedule.admits(fire, at: fire + .hours(2)))
        #expect(try Schedule(Cron("0 3 * * *"), zone: .utc).admits(fire, at: fire + .days(300)))
    }

    @Test func `a schedule is told on one line`() throws {
        let london = try Zoneinfo.zone("Europe/London")
        #expect(
            try Schedule(Cron("0 3 * * 1-5"), zone: london, window: .hours(2)).description
                == "cron 0 3 * * 1-5 Europe/London window 2h")
        #expect(try Schedule(every: .hours(6)).description == "every 6h")
    }
}

/// Schedules by chance against a clock that is watched minute by minute.
@Suite struct ScheduleSearchTests {
    private static let zones = [
        "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
        "Pacific/Apia", "America/Sao_Paulo", "Europe/Dublin", "Antarctica/Troll", "UTC",
    ]

    @Test(arguments: 0..<40)
    func `every fire is found, and nothing else, forwards and backwards, from any minute`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) + 100)
        for _ in 0..<4 {
            let (text, name) = (CronByChance.pattern(&dice), dice.pick(Self.zones))
            let cron = try Cron(text)
            guard cron.isPossible else { continue }
            let schedule = try Schedule(cron, zone: Zoneinfo.zone(name))
            let clock = try WatchedClock(text, zone: name)
            let start = clock.somewhereNearATransition(&dice)
            let watched = clock.fires(from: start, until: start + .days(3))
            // From every ninth minute and a second beside it, those included that the clock shows twice.
            for step in stride(from: 0, to: Int64(3 * 1440), by: 9) {
                let now = start + TimeSpan(seconds: step * 60 + step % 2)
                let (next, previous) = (schedule.next(after: now), schedule.previous(atOrBefore: now))
                #expect(next > now && previous <= now)
                let (later, earlier) = (watched.first { $0 > now }, watched.last { $0 <= now })
                #expect(later == nil || later == next, "\(text) in \(name) after \(now)")
                #expect(earlier == nil || earlier == previous, "\(text) in \(name) until \(now)")
            }
            #expect(schedule.fires(after: start, count: watched.count) == watched, "\(text) in \(name)")
        }
    }

    @Test(arguments: 0..<20)
    func `next and previous undo each other, and lose nothing between`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) + 900)
        for _ in 0..<200 {
            let cron = try Cron(CronByChance.pattern(&dice))
            guard cron.isPossible else { continue }
            let schedule = try Schedule(cron, zone: Zoneinfo.zone(dice.pick(Self.zones)))
            let now = Instant(seconds: Int64(dice.below(4_000_000_000)))
            let next = schedule.next(after: now)
            let previous = schedule.previous(atOrBefore: now)
            #expect(previous <= now && now < next)
            #expect(schedule.next(after: previous) == next)
            #expect(schedule.previous(atOrBefore: next) == next)
            #expect(schedule.previous(atOrBefore: next - TimeSpan(seconds: 1)) == previous)
        }
    }
}

/// Patterns that are well written.
private enum CronByChance {
    /// Half of them at night, when clocks are changed.
    static func pattern(_ dice: inout Dice) -> String {
        if dice.below(2) == 0 {
            return "\(field(&dice, 0...59, stars: 1)) \(field(&dice, 0...4, stars: 1)) * * *"
        }
        return [
            field(&dice, 0...59, stars: 2), field(&dice, 0...23, stars: 2), field(&dice, 1...31, stars: 6),
            field(&dice, 1...12, stars: 8), field(&dice, 0...7, stars: 5),
        ].joined(separator: " ")
    }

    private static func field(_ dice: inout Dice, _ range: ClosedRange<Int>, stars: Int) -> String {
        if dice.below(10) < stars { return "*" }
        return (0...dice.below(2)).map { _ in item(&dice, range) }.joined(separator: ",")
    }

    private static func item(_ dice: inout Dice, _ range: ClosedRange<Int>) -> String {
        let first = range.lowerBound + dice.below(range.count)
        let last = first + dice.below(range.upperBound - first + 1)
        let step = 1 + dice.below(range.count / 2)
        return switch dice.below(4) {
        case 0: "*/\(step)"
        case 1: "\(first)-\(last)/\(step)"
        case 2: "\(first)-\(last)"
        default: "\(first)"
        }
    }
}

/// A second implementation, slow and plain: Foundation's calendar, looked at every minute.
private struct WatchedClock {
    private let fields: [String]
    /// The values that each field allows.
    private let allowed: [Set<Int>]
    private let zone: TimeZone
    private let calendar: Calendar

    init(_ text: String, zone name: String) throws {
        fields = text.split(separator: " ").map(String.init)
        allowed = zip(fields, [0...59, 0...23, 1...31, 1...12, 0...7]).map { field, all in
            Set(all.filter { value in field.split(separator: ",").contains { Self.allows($0, value, all) } })
        }
        zone = try #require(TimeZone(identifier: name))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        self.calendar = calendar
    }

    private static func allows(_ item: Substring, _ value: Int, _ all: ClosedRange<Int>) -> Bool {
        let parts = item.split(separator: "/")
        let ends =
            parts[0] == "*"
            ? [all.lowerBound, all.upperBound] : parts[0].split(separator: "-").compactMap { Int($0) }
        let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
        return value >= ends[0] && value <= ends[ends.count - 1] && (value - ends[0]) % step == 0
    }

    /// On a whole minute of the years 1990 to 2090, up to two days before the clock is changed, where it is.
    func somewhereNearATransition(_ dice: inout Dice) -> Instant {
        let start = Date(timeIntervalSince1970: TimeInterval(631_152_000 + dice.below(3_155_695_200)))
        let change = zone.nextDaylightSavingTimeTransition(after: start) ?? start
        let minutes = Int64(change.timeIntervalSince1970) / 60 - Int64(dice.below(2880))
        return Instant(seconds: minutes * 60)
    }

    func fires(from start: Instant, until end: Instant) -> [Instant] {
        var fires: [Instant] = []
        // Watched from before: the clock may have been ahead.
        var now = start - .hours(26)
        var highest = local(now)
        while now < end {
            now = now + TimeSpan(seconds: 60)
            let shown = local(now)
            // A moment for each minute that it showed for the first time, or in passing.
            let isFire =
                isFixed
                ? shown > highest && (highest / 60 + 1...shown / 60).contains { matches($0 * 60) }
                : matches(shown)
            if isFire, now > start { fires.append(now) }
            highest = max(highest, shown)
        }
        return fires
    }

    private var isFixed: Bool { !fields[0].hasPrefix("*") && !fields[1].hasPrefix("*") }

    private func local(_ instant: Instant) -> Int64 {
        let date = Date(timeIntervalSince1970: TimeInterval(instant.seconds))
        return instant.seconds + Int64(zone.secondsFromGMT(for: date))
    }

    private func matches(_ local: Int64) -> Bool {
        let (minute, hour) = (Int(local / 60 % 60), Int(local / 3600 % 24))
        guard allowed[0].contains(minute), allowed[1].contains(hour) else { return false }
        let parts = calendar.dateComponents(
            [.day, .month, .weekday], from: Date(timeIntervalSince1970: TimeInterval(local)))
        guard let day = parts.day, let month = parts.month, let weekday = parts.weekday,
            allowed[3].contains(month)
        else { return false }
        let isDay = allowed[2].contains(day)
        // Foundation's Sunday is 1; ours is 0 and 7.
        let isWeekday = allowed[4].contains(weekday - 1) || weekday == 1 && allowed[4].contains(7)
        return fields[2] == "*" || fields[4] == "*" ? isDay && isWeekday : isDay || isWeekday
    }
}
