import RotaCore

/// The loops of `rota serve`: upkeep on every tick, scheduled runs, deliveries.
///
/// A loop outlives whatever goes wrong in a turn of it, and tries again later. Several daemons on one store
/// have one effect: every step is a conditional transition of the store's gate.
package struct Daemon: Sendable {
    private let run: RunUseCase
    private let deliverer: Deliverer
    private let clock: any WallClock
    private let log: any ServiceLog
    private let stop: StopSignal

    /// How long a loop rests between two turns, in milliseconds.
    private static let upkeepPause: Int64 = 5_000
    private static let deliveryPause: Int64 = 1_000
    private static let longestPause: Int64 = 60_000

    package init(
        run: RunUseCase, deliverer: Deliverer, clock: any WallClock, log: any ServiceLog, stop: StopSignal
    ) {
        self.run = run
        self.deliverer = deliverer
        self.clock = clock
        self.log = log
        self.stop = stop
    }

    /// Returns when the end was requested and what was under way is finished, or the task is cancelled.
    package func serve() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await repeatedly("upkeep", every: Self.upkeepPause) { try await upkeep() } }
            group.addTask { await repeatedly("deliveries", every: Self.deliveryPause) { try await deliver() } }
        }
    }

    private func repeatedly(
        _ loop: String, every pause: Int64, _ turn: () async throws -> Void
    ) async {
        var failures = 0
        while !stop.isRequested, !Task.isCancelled {
            do {
                try await turn()
                if failures > 0 { log.info("it works again", LogField("loop", loop)) }
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                failures += 1
                log.error("a turn failed", LogField("loop", loop), LogField("cause", "\(error)"))
            }
            await stop.sleep(milliseconds: min(pause << min(failures, 8), Self.longestPause), clock)
        }
    }

    private func upkeep() async throws {
        let result = try await run.upkeep()
        guard !result.isIdle else { return }
        let stuck = result.recovery.rotations.filter { $0.isStalled }
        log.info(
            "upkeep", LogField("rotations", result.recovery.rotations.count),
            LogField("stuck", stuck.count), LogField("retired", result.recovery.retired),
            LogField("expired", result.expired))
        for rotation in stuck {
            log.warning(
                "a rotation is stuck", LogField("token", rotation.tokenID), LogField("cause", rotation.cause ?? ""))
        }
    }

    private func deliver() async throws {
        let totals = try await deliverer.deliverDue(within: TimeSpan(seconds: 1))
        guard totals != DeliveryTotals() else { return }
        log.info(
            "events delivered", LogField("delivered", totals.delivered), LogField("failed", totals.failed),
            LogField("dead", totals.dead))
        for (endpoint, cause) in totals.resting.sorted(by: { $0.key < $1.key }) {
            log.warning("a webhook rests", LogField("webhook", endpoint), LogField("cause", cause))
        }
    }
}
