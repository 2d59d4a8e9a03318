import Crypto
import RotaCore

/// Lets so many rotations begin in a second and no more, one after the other: whoever asks for values beside a run, and
/// the vaults, which have quotas, are not to notice it.
///
/// It holds for what policies bring about, in this process. What a person or a holder asks for does not wait.
package final class RotationRate: Sendable {
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
        if turn > now { await stop.sleep(milliseconds: Int64((turn - now + 999_999) / 1_000_000), clock) }
    }
}
