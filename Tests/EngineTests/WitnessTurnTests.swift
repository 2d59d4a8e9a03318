import Engine
import RotaCore
import Testing

/// Whose turn it is, by numbers alone.
struct WitnessTurnTests {
    private let now = Instant(seconds: 1_800_000_000)
    private let day = TimeSpan.hours(24)

    private func turn(
        _ newest: Int?, taken: (size: Int, ago: TimeSpan)? = nil, failure: WitnessRecord.Failure? = nil,
        at place: String = "here"
    ) -> WitnessTurn {
        let record = WitnessRecord(
            name: "w", kind: "file", place: "here",
            taken: taken.map { WitnessRecord.Taken(size: $0.size, at: now - $0.ago) }, failure: failure)
        return WitnessTurn(of: record, at: place, newest: newest, every: day, now: now)
    }

    @Test func `nothing is given before something was signed`() { #expect(turn(nil) == .unsigned) }

    @Test func `who has nothing is given it at once`() {
        #expect(turn(5) == .due)
        #expect(WitnessTurn(of: nil, at: "here", newest: 5, every: day, now: now) == .due)
    }

    @Test func `once in an interval, and only where the log has grown`() {
        #expect(turn(6, taken: (5, .hours(23))) == .waits(until: now + .hours(1)))
        #expect(turn(6, taken: (5, day)) == .due)
        #expect(turn(5, taken: (5, .days(30))) == .hasNewest)
    }

    @Test func `another place has taken nothing yet`() {
        #expect(turn(5, taken: (5, .hours(1)), at: "there") == .due)
        let failure = WitnessRecord.Failure(since: now, count: 1, nextAttemptAt: now + .hours(1), cause: "down")
        #expect(turn(5, failure: failure, at: "there") == .due)
    }

    @Test func `a clock that was set back keeps nobody waiting`() {
        #expect(turn(6, taken: (5, TimeSpan(seconds: -3600))) == .due)
    }

    @Test func `who had more than there is now is asked`() { #expect(turn(3, taken: (5, day)) == .due) }

    @Test func `after failures the waits grow, and are no longer than the interval`() {
        var failure: WitnessRecord.Failure?
        var waits: [Int64] = []
        for _ in 1...7 {
            failure = WitnessTurn.failure(after: failure, "down", every: day, now: now)
            waits.append((failure.map { $0.nextAttemptAt - now } ?? .zero).seconds)
        }
        #expect(waits == [60, 300, 1_800, 7_200, 21_600, 21_600, 21_600])
        #expect(failure?.count == 7 && failure?.since == now)
        #expect(turn(6, taken: (5, .days(9)), failure: failure) == .waits(until: now + TimeSpan(seconds: 21_600)))
        let often = WitnessTurn.failure(after: failure, "down", every: TimeSpan(seconds: 120), now: now)
        #expect(often.nextAttemptAt == now + TimeSpan(seconds: 120))
    }
}
