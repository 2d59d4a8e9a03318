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

    @Test func `a run at the very beginning is in it, and one at the end is not`() throws {
        let schedule = try Schedule(every: .hours(6))
        let start = try instant("2026-11-24T06:00:00Z")
        let days = RunDay.all(of: schedule, from: start, until: start + .hours(12), calendar: nil)
        #expect(days.map(\.count) == [2] && days[0].first == start)
        #expect(RunDay.all(of: schedule, from: start, until: start, calendar: nil).isEmpty)
    }
}
