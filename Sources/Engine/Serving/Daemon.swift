import Crypto
package import RotaCore

/// The loops of `rota serve`: upkeep on every tick, scheduled runs, what would end before them, what was approved,
/// deliveries.
///
/// A loop outlives whatever goes wrong in a turn of it, and tries again later. Several daemons on one store
/// have one effect: every step is a conditional transition of the store's gate.
package struct Daemon: Sendable {
    /// What the daemon goes by, from one reading of the configuration.
    package struct Orders: Sendable {
        /// All that are loaded.
        package var policies: PolicySet
        package var schedules: [ScheduledPolicy]
        /// The freezes that are known beforehand.
        package var calendar: FreezeCalendar?
        /// Those above every policy's own.
        package var limits: Limits
        package var retention: Retention

        package init(
            policies: PolicySet, schedules: [ScheduledPolicy], calendar: FreezeCalendar? = nil, limits: Limits,
            retention: Retention = Retention()
        ) {
            self.policies = policies
            self.schedules = schedules
            self.calendar = calendar
            self.limits = limits
            self.retention = retention
        }
    }

    private let orders: Orders
    private let run: RunUseCase
    private let deliverer: Deliverer
    private let witnesses: TellWitnesses?
    private let clock: any WallClock
    private let brakes: BrakeWatch
    private let log: any ServiceLog
    private let stop: StopSignal
    private let hasLooked = Locked(false)
    private let hasSettled = Locked(false)
    private let toldDisabled = Locked<[String: String]>([:])
    private let toldRefusal = Locked<String?>(nil)
    private let toldPaced = Locked<Set<TokenID>>([])
    /// The day on which nothing old is left.
    private let prunedOn = Locked<Instant?>(nil)
    private let toldUpkeep = Locked(ToldRotations())
    /// The approved plans that could not be applied; each is tried once.
    private let refusedPlans = Locked<Set<String>>([])

    /// How long a loop rests between two turns, in milliseconds.
    private static let clockPause: Int64 = 1_000
    private static let upkeepPause: Int64 = 5_000
    private static let schedulePause: Int64 = 1_000
    private static let endsPause: Int64 = 60_000
    private static let approvalPause: Int64 = 5_000
    private static let deliveryPause: Int64 = 1_000
    private static let witnessPause: Int64 = 60_000
    private static let retentionPause: Int64 = 60_000
    private static let longestPause: Int64 = 60_000
    /// How many actions that came to nothing one run tells of.
    private static let mostTold = 100

    /// - parameter brakes: one for all daemons that the process runs, one after the other.
    package init(
        _ orders: Orders, run: RunUseCase, deliverer: Deliverer, witnesses: TellWitnesses? = nil,
        clock: any WallClock, brakes: BrakeWatch, log: any ServiceLog, stop: StopSignal
    ) {
        self.orders = orders
        self.run = run
        self.deliverer = deliverer
        self.witnesses = witnesses
        self.clock = clock
        self.brakes = brakes
        self.log = log
        self.stop = stop
    }

    /// Returns when the end was requested and what was under way is finished, or cut short when the patience
    /// for it is over.
    package func serve() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { await stop.expired(clock) }
            await group.next()
            group.cancelAll()
        }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            // By itself: the others may be in the middle of long passes.
            group.addTask {
                await repeatedly("clock", every: Self.clockPause) { _ = try await brakes.isReleased(run.store) }
            }
            for stuck in [false, true] {
                group.addTask {
                    await repeatedly("upkeep", every: Self.upkeepPause) { try await upkeep(stuck: stuck) }
                }
            }
            group.addTask {
                await repeatedly("schedules", every: Self.schedulePause) { _ = try await runScheduled() }
            }
            group.addTask {
                await repeatedly("ends", every: Self.endsPause) { _ = try await runBeforeEnds() }
            }
            group.addTask {
                await repeatedly("approvals", every: Self.approvalPause) { _ = try await applyApproved() }
            }
            group.addTask { await repeatedly("retention", every: Self.retentionPause) { try await prune() } }
            group.addTask { await repeatedly("deliveries", every: Self.deliveryPause) { try await deliver() } }
            group.addTask { await repeatedly("witnesses", every: Self.witnessPause) { try await tellWitnesses() } }
        }
    }

    private func repeatedly(
        _ loop: String, every pause: Int64, _ turn: () async throws -> Void
    ) async {
        var failures = 0
        while !stop.isRequested, !Task.isCancelled {
            do {
                try await turn()
                if failures > 0 { log.info("a loop works again", LogField("loop", loop)) }
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

    // MARK: - One turn of each loop

    /// Removes what is older than it is kept: once a day, or as long as there is more; nothing while there is a brake.
    package func prune() async throws {
        let today = clock.now().midnight
        guard prunedOn.withLock({ $0 != today }), try await brakes.isReleased(run.store) else { return }
        let pruner = Pruner(store: run.store, retention: orders.retention, clock: clock) { stop.isRequested }
        let removed = try await pruner.prune(actor: "rota")
        if !removed.contains(where: \.isCut), !stop.isRequested { prunedOn.withLock { $0 = today } }
        guard !removed.isEmpty else { return }
        log.write(.info, "old records are removed", removed.map { LogField($0.kind.rawValue, $0.rows) })
    }

    /// Retires, recovers and expires; nothing while there is a brake. What is as it was is not told again.
    ///
    /// - parameter stuck: see ``RunUseCase/upkeep(stuck:)``.
    package func upkeep(stuck: Bool) async throws {
        guard try await brakes.isReleased(run.store) else { return }
        let result = try await run.upkeep(stuck: stuck)
        let changed = toldUpkeep.withLock { $0.changes(by: result) }
        if result.waiverEnds != WaiverEnds() {
            log.info(
                "waivers", LogField("expiring", result.waiverEnds.expiring),
                LogField("expired", result.waiverEnds.expired))
        }
        guard !changed.isEmpty || result.recovery.retired > 0 || result.expired > 0 else { return }
        let stuck = changed.filter(\.isStalled)
        log.info(
            "upkeep", LogField("rotations", changed.count), LogField("stuck", stuck.count),
            LogField("retired", result.recovery.retired), LogField("expired", result.expired))
        tell(changed, named: result.names)
        for rotation in stuck.prefix(Self.mostTold) {
            log.warning(
                "a rotation is stuck", LogField("token", result.names[rotation.tokenID] ?? rotation.tokenID.text),
                LogField("cause", rotation.cause ?? ""))
        }
    }

    /// Runs the policies whose turn it is; nothing while there is a brake. Nil when none had it.
    package func runScheduled() async throws -> RunReport? {
        guard try await brakes.isReleased(run.store) else { return nil }
        let looking = hasLooked.withLock { !$0 }
        let turn = try await run.runScheduled(
            policies: orders.policies, schedules: orders.schedules, calendar: orders.calendar, limits: orders.limits,
            looking: looking)
        hasLooked.withLock { $0 = true }
        for missed in turn.fires.missed {
            log.warning("a window was missed", LogField("policy", missed.policy), LogField("fire", missed.at))
        }
        if let report = turn.report { tell(report) }
        return turn.report
    }

    /// Rotates what would end before its policy runs again; nothing while there is a brake. Nil when nothing would.
    package func runBeforeEnds() async throws -> RunReport? {
        guard try await brakes.isReleased(run.store) else { return nil }
        let result = try await run.runBeforeEnds(
            policies: orders.policies, schedules: orders.schedules, calendar: orders.calendar, limits: orders.limits)
        tell(paced: Set(result.waiting.map(\.tokenID)))
        let before = toldRefusal.withLock { told in
            defer { told = result.refusal }
            return told
        }
        if let refusal = result.refusal {
            guard refusal != before else { return nil }
            log.error(
                "tokens will end before their policies run, and what would save them is refused",
                LogField("cause", refusal), LogField("tokens", result.actions.count))
            return nil
        }
        for action in result.actions.prefix(Self.mostTold) {
            log.warning(
                "a token would end before its policy runs again", LogField("token", action.name),
                LogField("policy", action.policy), LogField("next_run", action.early?.description ?? ""))
        }
        if let report = result.report { tell(report) }
        return result.report
    }

    /// Applies the plans that runs saved and that somebody has approved since; nothing while there is a brake.
    package func applyApproved() async throws -> [RunReport] {
        guard try await brakes.isReleased(run.store) else { return [] }
        var reports: [RunReport] = []
        for plan in try await run.approvedPlans(of: orders.policies) {
            guard refusedPlans.withLock({ !$0.contains(plan.id) }) else { continue }
            guard !run.rotator.stop.isRequested else { break }
            do {
                let report = try await run.apply(
                    plan.id, policies: orders.policies, limits: orders.limits, actor: RunUseCase.approvalFollower,
                    watchesClock: false, deliverWithin: nil)
                if report.refusal != nil { _ = refusedPlans.withLock { $0.insert(plan.id) } }
                tell(report)
                reports.append(report)
            } catch let refusal as PlanRefusal {
                // As a rule somebody else was quicker.
                log.info("a plan was not applied", LogField("plan", plan.id), LogField("cause", refusal.message))
                _ = refusedPlans.withLock { $0.insert(plan.id) }
            } catch StoreError.failed(let why) {
                // One that is broken keeps no other from being applied.
                log.error("a plan cannot be applied", LogField("plan", plan.id), LogField("cause", why))
                _ = refusedPlans.withLock { $0.insert(plan.id) }
            }
        }
        return reports
    }

    /// Each token once, while it waits.
    private func tell(paced tokens: Set<TokenID>) {
        let before = toldPaced.withLock { told in
            defer { told = tokens }
            return told
        }
        guard !tokens.isSubset(of: before) else { return }
        log.error(
            "tokens will end before their policies run, and are beyond the pace of these",
            LogField("tokens", tokens.count))
    }

    /// Of values that were still in use when they ended.
    private func tell(_ rotations: [RotationResult], named names: [TokenID: String]) {
        for rotation in rotations.lazy.filter({ $0.remark != nil }).prefix(Self.mostTold) {
            log.warning(
                "a value ended while it was in use",
                LogField("token", names[rotation.tokenID] ?? rotation.tokenID.text),
                LogField("cause", rotation.remark ?? ""))
        }
    }

    private func tell(_ report: RunReport) {
        tell(report.recovery.rotations, named: report.names)
        if let refusal = report.refusal {
            log.error("a plan was refused", LogField("run", report.id), LogField("cause", refusal))
            return
        }
        let outcomes = Outcome.allCases.map { LogField($0.rawValue, report.count($0)) }
        log.write(.info, "a run is done", [LogField("run", report.id)] + outcomes)
        for plan in report.awaiting where plan.approval(at: report.startedAt) == nil {
            log.info("a plan waits for an approval", LogField("plan", plan.id), LogField("policy", plan.policy ?? ""))
        }
        let troubled = report.actions.filter { action in
            action.outcome == .failed || action.outcome == .started && action.cause != nil || action.needsMending
        }
        for action in troubled.prefix(Self.mostTold) {
            log.warning(
                "an action is not done", LogField("run", report.id), LogField("action", action.action.rawValue),
                LogField("token", action.name), LogField("cause", action.cause ?? ""))
        }
    }

    /// Sends what waits.
    package func deliver() async throws {
        if hasSettled.withLock({ !$0 }) { try await settle() }
        let totals = try await deliverer.deliverDue(within: TimeSpan(seconds: 1))
        tell(disabled: totals.disabled)
        guard !totals.isIdle else { return }
        log.info(
            "events delivered", LogField("delivered", totals.delivered), LogField("failed", totals.failed),
            LogField("dead", totals.dead))
        for (endpoint, cause) in totals.resting.sorted(by: { $0.key < $1.key }) {
            log.warning("a webhook rests", LogField("webhook", endpoint), LogField("cause", cause))
        }
    }

    /// Gives what was signed of the audit log to witnesses; who is slow holds up no other loop.
    package func tellWitnesses() async throws {
        for result in try await witnesses?.tell() ?? [] {
            if let cause = result.cause {
                log.warning(
                    "a witness took no checkpoint", LogField("witness", result.name), LogField("cause", cause))
            } else {
                log.info(
                    "a witness has a checkpoint", LogField("witness", result.name), LogField("entries", result.size))
            }
        }
    }

    /// Each once, until it is asked again.
    private func tell(disabled: [String: String]) {
        let before = toldDisabled.withLock { told in
            defer { told = disabled }
            return told
        }
        for (endpoint, cause) in disabled.sorted(by: { $0.key < $1.key }) where before[endpoint] == nil {
            log.warning("a webhook is disabled", LogField("webhook", endpoint), LogField("cause", cause))
        }
    }

    /// Once, while the configuration is fresh: what nobody would ever send is given up.
    private func settle() async throws {
        for (endpoint, count) in try await deliverer.giveUpUnconfigured().sorted(by: { $0.key < $1.key }) {
            log.warning(
                "a webhook is not configured any more: what waited for it is given up",
                LogField("webhook", endpoint), LogField("deliveries", count))
        }
        hasSettled.withLock { $0 = true }
    }
}

/// How the rotations stand that are not finished, as it was told last.
private struct ToldRotations: Sendable {
    private var told: [TokenID: RotationResult] = [:]

    /// Those that stand in another way than it was told, or are new.
    mutating func changes(by result: UpkeepResult) -> [RotationResult] {
        let changed = result.recovery.rotations.filter { told[$0.tokenID] != $0 }
        for rotation in changed { told[rotation.tokenID] = rotation.outcome == .started ? rotation : nil }
        return changed
    }
}
