import RotaCore
import Testing

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("0s", "0 seconds"), ("40s", "40 seconds"), ("1d4h", "1 day 4 hours"), ("9d23h59m", "9 days 23 hours"),
        ("10d5h", "10 days"), ("97d", "97 days"), ("1h1s", "1 hour 1 second"),
    ])
    func `a span is told in its two largest units, and in days from ten on`(text: String, spoken: String) throws {
        #expect(try #require(TimeSpan(text)).spoken == spoken)
    }

    @Test(arguments: [
        ("90d3h", "90d", "90 days and 3 hours", "90 days"),
        ("90d1s", "90d", "90 days and 1 second", "90 days"),
        ("90d3h", "90d5h", "90 days and 3 hours", "90 days and 5 hours"),
        ("90d3h5s", "90d3h", "90 days, 3 hours and 5 seconds", "90 days and 3 hours"),
        ("1d4h5s", "1d4h", "1 day, 4 hours and 5 seconds", "1 day and 4 hours"),
        ("97d", "90d", "97 days", "90 days"), ("90d", "90d", "90 days", "90 days"),
        ("90d", "89d23h", "90 days", "89 days"),
    ])
    func `two spans that differ are not told as the same`(
        left: String, right: String, first: String, second: String
    ) throws {
        let (left, right) = (try #require(TimeSpan(left)), try #require(TimeSpan(right)))
        #expect(left.spoken(against: right) == first)
        #expect(right.spoken(against: left) == second)
    }

    @Test func `a message shows by how much a limit is passed`() {
        let reason = Reason.maxAgeExceeded(age: .days(90) + .hours(3), limit: .days(90))
        #expect(reason.message == "the value is 90 days and 3 hours old; the limit is 90 days")
        let watched = Reason.neverUsedWithinLimit(idle: Idleness(time: .days(2)), limit: .days(30))
        #expect(watched.message == "not used yet in the 2 days it was watched; the limit is 30 days")
        let since = Instant(seconds: 1_767_225_600)
        let imported = Reason.neverUsed(
            idle: Idleness(time: .days(40), asserted: .days(40), since: since), limit: .days(30))
        #expect(
            imported.message
                == "never used since 2026-01-01T00:00:00Z as imported, which is 40 days; the limit is 30 days")
        let both = Reason.idleTooLong(
            idle: Idleness(time: .days(40), asserted: .days(15), since: since), limit: .days(30))
        #expect(both.message == "not used for 40 days (15 days of them as imported); the limit is 30 days")
    }
}
