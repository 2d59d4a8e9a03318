import Crypto
import RotaCore

/// Lets so many rotations begin in a second and no more, in beats of a tenth of one: whoever asks for values beside a
/// run, and the vaults, which have quotas, are not to notice it. A few begin together, so that they share their
/// transactions: each commit is something that who asks for values has to look at.
///
/// It holds for what policies bring about, in this process. What a person or a holder asks for does not wait.
package final class RotationRate: Sendable {
    /// Turns come at multiples of this, in nanoseconds.
    private static let beat: UInt64 = 100_000_000

    private let interval: UInt64
    private let clock: any WallClock
    private let nanoseconds: @Sendable () -> UInt64
    /// When the next one may begin.
    private let next = Locked<UInt64>(0)

    /// - Parameters:
    ///   - perSecond: at least 1.
    ///   - nanoseconds: a clock that only goes forward.
    package init(perSecond: Int, clock: any WallClock, nanoseconds: @escaping @Sendable () -> UInt64) {
        interval = 1_000_000_000 / UInt64(max(1, perSecond))
        self.clock = clock
        self.nanoseconds = nanoseconds
    }

    /// Returns when it is the caller's turn, and at once when the end is requested.
    func turn(unless stop: StopSignal) async {
        let now = nanoseconds()
        let turn = next.withLock { next in
            let turn = max(next, now)
            next = turn + interval
            return turn
        }
        guard turn > now else { return }
        let beat = (turn + Self.beat - 1) / Self.beat * Self.beat
        // Until its beat, by the clock that tests set; a stop ends it at once.
        await stop.sleep(milliseconds: Int64((beat - now + 999_999) / 1_000_000), clock)
    }
}
