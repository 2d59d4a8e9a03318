import RotaCore
import Testing

@Suite struct FreezeCalendarTests {
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400

    private func dates(_ from: String, _ until: String, _ reason: String = "year end") throws -> FreezeCalendar.Dates {
        FreezeCalendar.Dates(
            from: try #require(FreezeCalendar.moment(from)?.at), until: try #require(FreezeCalendar.moment(until)?.at),
            reason: reason)
    }

    private func calendar(
        _ zone: String, _ dates: [FreezeCalendar.Dates] = [], weekly: [FreezeCalendar.Weekly] = []
    ) throws -> FreezeCalendar {
        try #require(FreezeCalendar(zone: Zoneinfo.zone(zone), dates: dates, weekly: weekly))
    }

    /// Friday, 18:00, to Monday, 06:00.
    private static let weekend = FreezeCalendar.Weekly(
        from: 4 * day + 18 * hour, until: 7 * day + 6 * hour, reason: "weekend")

    @Test(
        arguments: [
            ("2026-12-19T22:59:59Z", nil), ("2026-12-19T23:00:00Z", "2027-01-02T23:00:00Z"),
            ("2027-01-02T22:59:59Z", "2027-01-02T23:00:00Z"), ("2027-01-02T23:00:00Z", nil),
        ] as [(String, String?)])
    func `dates hold from their first second until just before their end, by the clock of the zone`(
        at: String, end: String?
    ) throws {
        let calendar = try calendar("Europe/Berlin", [dates("2026-12-20", "2027-01-03")])
        #expect(calendar.freeze(at: try instant(at))?.end.description == end)
        if end != nil { #expect(calendar.freeze(at: try instant(at))?.reason == "year end") }
    }

    @Test(arguments: [
        ("2026-11-27T17:59:59Z", false), ("2026-11-27T18:00:00Z", true), ("2026-11-29T12:00:00Z", true),
        ("2026-11-30T05:59:59Z", true), ("2026-11-30T06:00:00Z", false), ("2026-12-02T12:00:00Z", false),
    ])
    func `a weekly freeze holds each week, also over its end`(at: String, isFrozen: Bool) throws {
        let calendar = try calendar("Europe/London", weekly: [Self.weekend])
        for weeks in [-3000, -1, 0, 1, 500, 2000] as [Int64] where weeks * 7 % 364 == 0 || weeks.magnitude <= 1 {
            let now = try instant(at) + .days(weeks * 7)
            #expect((calendar.freeze(at: now) != nil) == isFrozen, "\(now)")
        }
    }

    @Test func `it ends when the last of those ends that follow each other without a break`() throws {
        // Christmas is a Friday in 2026.
        let calendar = try calendar(
            "Europe/London",
            [dates("2026-12-24", "2026-12-25", "eve"), dates("2026-12-25", "2026-12-26", "Christmas")],
            weekly: [Self.weekend])
        let freeze = try #require(calendar.freeze(at: instant("2026-12-24T09:00:00Z")))
        #expect(freeze.reason == "eve")
        #expect(try freeze.end == instant("2026-12-28T06:00:00Z"))
        #expect(calendar.freeze(at: freeze.end) == nil)
    }

    @Test func `where the clock is changed, a time that is left out is that moment, and of two the first counts`()
        throws
    {
        let night = FreezeCalendar.Weekly(
            from: 6 * Self.day + Self.hour + 1800, until: 6 * Self.day + 2 * Self.hour + 1800, reason: "night")
        let calendar = try calendar("America/New_York", weekly: [night])
        func span(_ day: String) throws -> FreezeCalendar.Span? {
            calendar.spans(from: try instant(day), until: try instant(day) + .days(1)).first
        }
        #expect(try span("2026-03-08")?.begin == instant("2026-03-08T06:30:00Z"))
        #expect(try span("2026-03-08")?.end == instant("2026-03-08T07:00:00Z"))
        #expect(try span("2026-11-01")?.begin == instant("2026-11-01T05:30:00Z"))
        #expect(try span("2026-11-01")?.end == instant("2026-11-01T07:30:00Z"))
    }

    @Test func `a week without a moment left is none`() {
        func whole(_ spans: [(Int64, Int64)]) -> Bool {
            let weekly = spans.map {
                FreezeCalendar.Weekly(from: $0.0 * Self.hour, until: $0.1 * Self.hour, reason: "x")
            }
            return FreezeCalendar(zone: .utc, dates: [], weekly: weekly) == nil
        }
        #expect(whole([(0, 168)]))
        #expect(whole([(10, 178)]))
        #expect(whole([(0, 100), (90, 168)]))
        #expect(whole([(50, 168), (160, 218)]))
        #expect(!whole([(0, 100), (101, 168)]))
        #expect(!whole([(50, 168), (160, 217)]))
        #expect(!whole([]))
    }

    @Test func `the next one is told, however far away`() throws {
        let calendar = try calendar("UTC", [dates("2041-05-01", "2041-05-02")])
        #expect(calendar.next(after: try instant("2026-11-24"))?.begin == (try instant("2041-05-01")))
        #expect(calendar.next(after: try instant("2041-05-01")) == nil)
        let weekly = try self.calendar("UTC", weekly: [Self.weekend])
        #expect(weekly.next(after: try instant("2026-11-27T18:00:00Z"))?.begin == (try instant("2026-12-04T18:00:00Z")))
    }

    /// Two ways to the same: whether it is frozen, second by second at the edges, and the list of all freezes.
    @Test(arguments: 0..<20)
    func `the list of freezes and the answer for an instant agree`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) + 3000)
        let zone = dice.pick(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
        let weekly = (0..<dice.below(3)).map { _ in
            let from = Int64(dice.below(7 * 24)) * Self.hour
            return FreezeCalendar.Weekly(
                from: from, until: from + Int64(1 + dice.below(60)) * Self.hour, reason: "weekly")
        }
        let start = Instant(seconds: 1_300_000_000 + Int64(dice.below(400_000_000)))
        let dates = (0..<dice.below(4)).map { _ in
            let from = start.seconds + Int64(dice.below(40 * 24)) * Self.hour
            return FreezeCalendar.Dates(
                from: from, until: from + Int64(1 + dice.below(90)) * Self.hour, reason: "dates")
        }
        let calendar = try #require(FreezeCalendar(zone: Zoneinfo.zone(zone), dates: dates, weekly: weekly))
        let spans = calendar.spans(from: start, until: start + .days(60))
        for span in spans {
            for at in [span.begin, span.end] {
                for now in [at - TimeSpan(seconds: 1), at, at + TimeSpan(seconds: 1)] {
                    let holding = spans.filter { $0.begin <= now && now < $0.end }
                    guard now >= start, now < start + .days(50) else { continue }
                    let freeze = calendar.freeze(at: now)
                    #expect((freeze != nil) == !holding.isEmpty, "\(zone) at \(now)")
                    if let freeze { #expect(calendar.freeze(at: freeze.end) == nil) }
                }
            }
        }
    }

    @Test(arguments: [
        ("2026-12-24", 0, true), ("2026-12-24 18:30", 66_600, false), ("2026-12-24T24:00", 86_400, false),
    ])
    func `days and minutes are read as they are written`(text: String, seconds: Int64, isDay: Bool) throws {
        let moment = try #require(FreezeCalendar.moment(text))
        #expect(moment.at - (try instant("2026-12-24")).seconds == seconds && moment.isDay == isDay)
    }

    @Test(arguments: [
        "", "2026-02-30", "24.12.2026", "2026-12-24 6:00", "2026-12-24 24:01", "2026-12-24 18:00Z", "12-24",
    ])
    func `anything else is no time`(text: String) { #expect(FreezeCalendar.moment(text) == nil) }
}
