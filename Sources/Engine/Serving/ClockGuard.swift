import Crypto
import RotaCore

/// Whether a daemon may do anything destructive by its clock (I12).
///
/// One for as long as the process lives: a reload proves nothing about the clock, so it must not end a suspicion.
package final class ClockGuard: Sendable {
    private let clock: any WallClock
    private let log: any ServiceLog
    private let watch = Locked(ClockWatch())
    private let pace = Locked(ClockPace.unknown)

    /// - parameter log: told when the clock becomes suspect, and when it is trusted again.
    package init(_ clock: any WallClock, log: any ServiceLog) {
        self.clock = clock
        self.log = log
    }

    /// Looks at the clock, beside what the store has recorded and what was seen of the clock before.
    func isTrusted(beside store: StoreQueue) async throws -> Bool {
        guard try await isAbreast(of: store) else { return false }
        let reading = clock.reading()
        let (jump, wasSuspect, isSuspect) = watch.withLock { watch in
            let was = watch.isSuspect
            return (watch.observe(reading), was, watch.isSuspect)
        }
        if let jump {
            log.error(
                "the clock is suspect: nothing is rotated, revoked or expired by it", LogField("jump", jump),
                LogField("until_steady_for", ClockWatch.probation.spoken))
        } else if wasSuspect, !isSuspect {
            log.info("the clock is trusted again")
        }
        return !isSuspect
    }

    /// Whether the clock has once been where the store is: one that was set back while nothing ran is not, until it
    /// has caught up or somebody confirms it. From then on the watch sees to it.
    private func isAbreast(of store: StoreQueue) async throws -> Bool {
        if pace.withLock({ $0 == .abreast }) { return true }
        let now = clock.now()
        let lag = try await store.read { try $0.lag(of: now) }
        let before = pace.withLock { pace in
            defer { pace = lag == nil ? .abreast : .behind }
            return pace
        }
        if let lag, before == .unknown {
            log.error(
                "the clock is suspect: nothing is rotated, revoked or expired by it", LogField("clock", lag.now),
                LogField("recorded", lag.recorded), LogField("behind", lag.span.spoken),
                LogField("hint", "set it right; if it is, and was wrong before: rota run --trust-clock"))
        } else if lag == nil, before == .behind {
            log.info("the clock is trusted again")
        }
        return lag == nil
    }
}

/// How a wall clock stands to what the store has recorded.
private enum ClockPace {
    case unknown, behind, abreast
}
