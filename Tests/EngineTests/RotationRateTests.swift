import Crypto
import RotaCore
import TestSupport
import Testing

@testable import Engine

@Suite struct RotationRateTests {
    /// A clock that stands still but for those who sleep by it.
    private final class Slept: WallClock {
        let naps = Locked<[Int64]>([])

        func now() -> Instant { Instant(seconds: 0) }
        func reading() -> ClockReading { ClockReading(wall: now(), uptime: TimeSpan(seconds: 0), boot: "b") }
        func sleep(milliseconds: Int64) async throws { naps.withLock { $0.append(milliseconds) } }
    }

    @Test func `turns come in beats of a tenth of a second, and the first one at once`() async {
        let clock = Slept()
        let rate = RotationRate(perSecond: 20, clock: clock, nanoseconds: { 5_000_000_000 })
        for _ in 0..<4 { await rate.turn(unless: StopSignal()) }
        #expect(clock.naps.withLock(\.self) == [100, 100, 200])
    }

    @Test func `a slow rate is kept to all the same`() async {
        let clock = Slept()
        let rate = RotationRate(perSecond: 3, clock: clock, nanoseconds: { 1 })
        for _ in 0..<7 { await rate.turn(unless: StopSignal()) }
        #expect(clock.naps.withLock(\.self) == [400, 700, 1000, 1400, 1700, 2000])
    }

    @Test func `a pause is not made up for by a burst`() async {
        let (clock, now) = (Slept(), Locked<UInt64>(0))
        let rate = RotationRate(perSecond: 10, clock: clock, nanoseconds: { now.withLock(\.self) })
        await rate.turn(unless: StopSignal())
        now.withLock { $0 = 60_000_000_000 }
        for _ in 0..<3 { await rate.turn(unless: StopSignal()) }
        #expect(clock.naps.withLock(\.self) == [100, 200])
    }

    @Test func `nobody waits for his turn when the end is requested`() async {
        let (clock, stop) = (Slept(), StopSignal())
        let rate = RotationRate(perSecond: 1, clock: clock, nanoseconds: { 0 })
        stop.request()
        for _ in 0..<100 { await rate.turn(unless: stop) }
        #expect(clock.naps.withLock(\.self) == [])
    }
}
