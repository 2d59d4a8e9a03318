import RotaCore
import Testing

@testable import Engine

/// The clocks of a machine, from one process to the next.
struct ClockMarkTests {
    private static let start = ClockReading(
        wall: Instant(seconds: 1_800_000_000), uptime: .days(1), boot: "first")

    /// What the clocks show so long after the start, with the wall clock set ahead by so much.
    private func reading(after span: TimeSpan, ahead: TimeSpan = .zero, boot: String = "first") -> ClockReading {
        ClockReading(wall: Self.start.wall + span + ahead, uptime: Self.start.uptime + span, boot: boot)
    }

    @Test func `a clock that went with the time that passed is believed, and kept`() {
        let later = reading(after: .hours(3))
        let (jump, mark) = ClockMark(trusted: Self.start).judge(later)
        #expect(jump == nil && mark == ClockMark(trusted: later))
    }

    @Test(arguments: [TimeSpan.days(400), .hours(2), .hours(-2), .days(-400)])
    func `a clock that was set is not, in either direction, until it is back`(_ ahead: TimeSpan) {
        let (jump, mark) = ClockMark(trusted: Self.start).judge(reading(after: .hours(1), ahead: ahead))
        #expect(jump != nil && mark.trusted == Self.start)
        let (again, kept) = mark.judge(reading(after: .hours(1) + TimeSpan(seconds: 600), ahead: ahead))
        #expect(again != nil && kept == mark)
        #expect(mark.judge(reading(after: .hours(2))).jump == nil)
    }

    @Test func `one that has been steady for a quarter of an hour is believed again, one that goes on jumping is not`()
    {
        let (_, mark) = ClockMark(trusted: Self.start).judge(reading(after: .hours(1), ahead: .days(400)))
        let steady = reading(after: .hours(1) + TimeSpan(seconds: 900), ahead: .days(400))
        #expect(mark.judge(steady).jump == nil)
        let (jump, further) = mark.judge(reading(after: .hours(2), ahead: .days(500)))
        #expect(jump != nil && further.doubted?.uptime == Self.start.uptime + .hours(2))
        // Another start of the machine proves nothing of how long it was steady.
        #expect(mark.judge(reading(after: .hours(2), ahead: .days(400), boot: "second")).jump != nil)
    }

    @Test func `nor are two starts of the machine that are not known taken for one`() {
        let (_, mark) = ClockMark(trusted: Self.start).judge(reading(after: .hours(1), ahead: .days(400), boot: ""))
        #expect(mark.doubted != nil)
        #expect(mark.judge(reading(after: .hours(2), ahead: .days(400), boot: "")).jump != nil)
    }
}
