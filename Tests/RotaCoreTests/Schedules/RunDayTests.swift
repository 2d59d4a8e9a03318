import RotaCore
import Testing

@Suite struct RunDayTests {
    @Test func `days are those of the zone, with their runs and what of them is frozen`() throws {
        let zone = try Zoneinfo.zone("America/New_York")
        let schedule = try Schedule(Cron("30 1,23 * * *"), zone: zone, spread: .hours(1))
        let start = try instant("2026-11-01T04:00:00Z")
        let dates = FreezeCalendar.Dates(
            from: try #require(FreezeCalendar.day("2026-11-02")), until: try #require(FreezeCalendar.day("2026-11-03")),
            reason: "x")
        let days = RunDay.all(
            of: schedule, from: start, until: start + .days(2),
            calendar: FreezeCalendar(zone: zone, dates: [dates], weekly: []))
        // The first day has 25 hours, and 01:30 twice: one run.
        #expect(days.map(\.day) == ["Sun 2026-11-01", "Mon 2026-11-02"])
        #expect(days.map(\.count) == [2, 1] && days.map(\.frozen) == [0, 1])
        #expect(days[0].first == (try instant("2026-11-01T05:30:00Z")))
        #expect(days[0].last == (try instant("2026-11-02T04:30:00Z")))
    }

    @Test
    func `a run that begins late or has turns in a freeze is partly frozen, and one that nothing is left of is frozen`()
        throws
    {
        func weekly(_ from: Int64, _ until: Int64) -> FreezeCalendar.Weekly {
            FreezeCalendar.Weekly(from: 86_400 + from * 3600, until: 86_400 + until * 3600, reason: "Tuesdays")
        }
        let tuesday = try instant("2026-11-24T00:00:00Z")
        for (from, until, window, spread, expected) in [
            (Int64(2), Int64(5), TimeSpan?.none, TimeSpan?.none, (0, 1)), (2, 5, .hours(2), nil, (1, 0)),
            (2, 5, .hours(3), nil, (0, 1)), (4, 6, .hours(2), .hours(2), (0, 1)), (3, 5, .hours(2), .hours(2), (1, 0)),
            (5, 6, .hours(2), .hours(2), (0, 0)), (4, 6, nil, nil, (0, 0)),
        ] {
            let schedule = try Schedule(Cron("0 3 * * *"), zone: .utc, window: window, spread: spread)
            let days = RunDay.all(
                of: schedule, from: tuesday, until: tuesday + .days(1),
                calendar: FreezeCalendar(zone: .utc, dates: [], weekly: [weekly(from, until)]))
            #expect(days.map(\.frozen) == [expected.0] && days.map(\.partlyFrozen) == [expected.1], "\(from) \(until)")
        }
    }

    @Test func `a year of minutes is counted in a moment`() throws {
        let schedule = try Schedule(every: TimeSpan(seconds: 60))
        let start = try instant("2026-01-01T00:00:00Z")
        let calendar = FreezeCalendar(
            zone: .utc, dates: [], weekly: [FreezeCalendar.Weekly(from: 0, until: 3600, reason: "Monday")])
        var days: [RunDay] = []
        let time = ContinuousClock().measure {
            days = RunDay.all(of: schedule, from: start, until: start + .days(366), calendar: calendar)
        }
        #expect(days.count == 366 && days.allSatisfy { $0.count == 1440 })
        #expect(days.filter { $0.frozen > 0 }.allSatisfy { $0.frozen == 60 && $0.day.hasPrefix("Mon") })
        #expect(time < .seconds(10), "in a debug build on a busy machine: \(time)")
    }

    @Test func `a run at the very beginning is in it, and one at the end is not`() throws {
        let schedule = try Schedule(every: .hours(6))
        let start = try instant("2026-11-24T06:00:00Z")
        let days = RunDay.all(of: schedule, from: start, until: start + .hours(12), calendar: nil)
        #expect(days.map(\.count) == [2] && days[0].first == start)
        #expect(RunDay.all(of: schedule, from: start, until: start, calendar: nil).isEmpty)
    }
}
