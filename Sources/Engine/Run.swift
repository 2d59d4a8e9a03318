import Crypto
package import RotaCore

/// One pass over the inventory: recover, expire, plan, guard, act, record, tell.
///
/// 1. Runs whose process died are closed as aborted. Tokens whose end has passed are marked so, and versions past their
///    overlap retired. The ends of waivers are told.
/// 2. Rotations that they or others left unfinished are driven on, beside all that follows.
/// 3. The plan is made. Over a limit, nothing of it is done, and people are told of what is coming all the same.
/// 4. Findings open, people are told of what is coming, and asked to approve what needs it, the actions are taken, each
///    conditional on its token being as it was planned, whoever has to mend what is blocked is told, once, and findings
///    and notices that no longer hold end.
/// 5. Events are delivered.
///
/// While there is a brake, 1 and 2 are left out, and every action of the plan is skipped. One that is put on meanwhile,
/// or a clock that jumps meanwhile, stops each step from then on: the gate asks for it.
///
/// A second run finds nothing left to do. Several at once have one effect: every step is a conditional
/// transition of the store's gate. Store errors propagate and end everything at once (I11).
package struct RunUseCase: Sendable {
    let store: StoreQueue
    let rotator: Rotator
    let clock: any WallClock
    private let deliverer: Deliverer
    let random: any RandomSource

    /// How many tokens share one transaction: a commit is spread over them, and nobody waits long for it.
    static let largestBatch = 256

    package init(
        store: StoreQueue, rotator: Rotator, deliverer: Deliverer, clock: any WallClock,
        random: any RandomSource
    ) {
        self.store = store
        self.rotator = rotator
        self.deliverer = deliverer
        self.clock = clock
        self.random = random
    }

    /// - parameters:
    ///   - policies: all that are loaded.
    ///   - firing: the names of those that act now; nil when all do.
    ///   - limits: those above every policy's own.
    ///   - actor: who asked for the run, such as `cli:alice`.
    ///   - requester: the same, as who must not approve what it asks for; nil: the account is all that is known.
    ///   - deliverWithin: how long events are delivered, and tried again, at the end of it; nil where
    ///     somebody else sees to it.
    ///   - progress: told how far each step is.
    package func run(
        policies: PolicySet, only firing: Set<String>? = nil, limits: Limits, actor: AuditActor,
        by requester: Principal? = nil,
        deliverWithin deliveryTime: TimeSpan? = TimeSpan(seconds: 30), progress: ProgressReport? = nil
    ) async throws -> RunReport {
        let clock = RunClock(self.clock)
        _ = clock.look()
        try await store.read { $0.watchClock { clock.look() } }
        let record = RunRecord(
            id: newID(), acting: firing?.sorted(), actor: actor, startedAt: self.clock.now())
        try await store.write { try self.begin(record, in: $0) }
        return try await carryThrough(
            record, by: requester, policies: policies, limits: limits, deliverWithin: deliveryTime,
            progress: progress)
    }

    func newID() -> String { "run_" + Hex.encode(random.bytes(12)) }

    /// Everything that follows the beginning of a run. One that is stopped on its way is left for the next
    /// process to close, and to make up for where a schedule asked for it.
    func carryThrough(
        _ run: RunRecord, by requester: Principal? = nil, policies: PolicySet, limits: Limits,
        occasion: Occasion = .request, deliverWithin deliveryTime: TimeSpan?, progress: ProgressReport?
    ) async throws -> RunReport {
        do {
            return try await perform(
                run, requester ?? Principal(account: run.actor.name), policies: policies, limits: limits,
                occasion: occasion, deliverWithin: deliveryTime, progress: progress)
        } catch let error as CancellationError {
            try await store.read { try $0.leaveRun(run.id) }
            throw error
        }
    }

    private func perform(
        _ run: RunRecord, _ requester: Principal, policies: PolicySet, limits: Limits, occasion: Occasion,
        deliverWithin deliveryTime: TimeSpan?, progress: ProgressReport?
    ) async throws -> RunReport {
        let (id, startedAt) = (run.id, run.startedAt)
        let upkeep = { @Sendable (cause: String, now: Instant) in
            Change(actor: "rota", at: now, cause: cause, run: id)
        }
        let brake = try await store.brake(at: startedAt)
        let ends = upkeep("its end has passed", clock.now())
        let expired = brake == nil ? try await expire(change: ends, progress: progress) : 0
        let waiverEnds = try await tendWaivers(run: id)
        let recovery = StepTally(.recovering)
        let unfinished = upkeep("it was not finished yet", startedAt)
        // Overlaps that have ended first, since the plan is about what is valid then. The rest may wait for a vault
        // that does not answer, and nothing of this run waits for it. It is told of once it is all that is left.
        let overlaps = StepTally(.recovering, telling: progress)
        let ended = try await recover(
            id, unless: brake, change: unfinished, tally: overlaps, only: \.isFreshOverlap)
        async let recovered = recover(
            id, unless: brake, change: unfinished, tally: recovery, only: { !$0.isFreshOverlap })

        let acting = policies.policies.filter { run.acting?.contains($0.name) ?? true }
        let request = PlanRequest(
            policies: occasion.part(of: PolicySet(policies: acting, digest: policies.digest)), limits: limits,
            vaults: Set(rotator.vaults.keys), at: clock.now(), occasion: occasion)
        let planned = try await store.read { try Self.plan(request, from: $0, progress: progress) }
        let pass = RunPass(
            id: id, plan: planned.plan, policies: policies, acting: occasion.judges(acting),
            tracking: planned.tracking, waivers: planned.waivers, brake: brake, occasion: occasion, actor: run.actor,
            startedAt: startedAt)
        try await store.write { store in
            try store.planRun(
                id, digest: pass.plan.digest, actions: pass.plan.actions.count, change: pass.change(at: startedAt))
        }
        var report = RunReport(pass, expired: expired, refusal: planned.refusal)
        report.waived = planned.waived
        report.unanswered = planned.unanswered
        report.waiverEnds = waiverEnds
        let isRefused = planned.refusal != nil
        let opened = isRefused ? FindingKeys() : try await openFindings(pass, planned.findings, progress: progress)
        // What is coming comes, whether this plan is refused or not, and what is over is.
        report.notices = try await sendNotices(pass, to: planned.noticed, progress: progress)
        if !isRefused {
            report.awaiting = try await askForApproval(pass, by: requester)
            report.actions = try await carryOut(pass.awaiting(report.awaiting), opened: opened, progress: progress)
        }
        recovery.tell(progress)
        report.recovery = ended
        report.recovery.add(try await recovered)
        if !isRefused { try await closeFindings(pass, planned.findings, after: report, progress: progress) }
        try await withdrawNotices(pass, planned.standing, after: report, progress: progress)
        if report.brake == nil { report.brake = try await lateBrake(report) }
        report.stalled = try await stalledRotations(under: brake)
        try await finish(
            pass, aborted: planned.refusal,
            totals: report.actions.totals)
        report.finishedAt = clock.now()
        if let deliveryTime { report.deliveries = try await deliver(within: deliveryTime, progress: progress) }
        report.names = try await names(of: report.recovery)
        report.waitingDeliveries = try await store.read { try $0.deliveryCounts().waiting }
        return report
    }

    private static func plan(
        _ request: PlanRequest, from store: any Store, progress: ProgressReport?
    ) throws -> PlanResult {
        guard let progress else { return try makePlan(request, from: store) }
        var total: Int?
        return try makePlan(request, from: store) { looked in
            // Of fewer than all it is at its end before that was expected.
            let active = try total ?? store.countActive()
            total = active
            progress(StepProgress(.planning, looked, of: max(active, looked)))
        }
    }

    func deliver(within span: TimeSpan, progress: ProgressReport?) async throws -> DeliveryTotals {
        guard let progress else { return try await deliverer.deliverDue(within: span) }
        let tally = StepTally(.delivering, telling: progress)
        tally.expect(try await store.read { try $0.deliveryCounts().waiting })
        return try await deliverer.deliverDue(within: span) { tally.add() }
    }

    /// Marks every token whose end has passed. Answers how many.
    func expire(change: Change, progress: ProgressReport? = nil) async throws -> Int {
        var expired = 0
        while true {
            let ended = try await store.read { store in
                var ids: [TokenID] = []
                try store.eachCandidate(.expiredAtOrBefore(change.at)) { token in
                    ids.append(token.id)
                    return ids.count < Self.largestBatch
                }
                return ids
            }
            guard !ended.isEmpty else { return expired }
            let marked: Int
            do {
                marked = try await store.write { store in
                    try ended.filter { try store.expireToken($0, change: change) }.count
                }
            } catch StoreError.held {
                // A brake was put on meanwhile, or the clock has jumped: whoever comes after it goes on.
                return expired
            }
            expired += marked
            progress?(StepProgress(.expiring, expired))
            // Whoever else marks them at the same time goes on with the rest.
            guard marked > 0 else { return expired }
        }
    }

    /// A brake that was put on while the run was under way, and has kept something from being done.
    func lateBrake(_ report: RunReport) async throws -> Brake? {
        guard let brake = try await store.brake(at: clock.now()) else { return nil }
        if case .suspectClock = brake { return brake }
        let isHeld =
            report.actions.contains(cause: brake.message)
            || report.recovery.rotations.contains { $0.outcome == .skipped && $0.cause == brake.message }
        return isHeld ? brake : nil
    }

    func finish(_ pass: RunPass, aborted: String?, totals: [Outcome: Int]) async throws {
        let now = clock.now()
        try await store.write { store in
            try store.finishRun(pass.id, aborted: aborted, totals: totals, change: pass.change(at: now))
        }
    }

    func carryOut(
        _ pass: RunPass, opened: FindingKeys, progress: ProgressReport?
    ) async throws -> RunActions {
        let actions = try await act(pass, opened: opened, progress: progress)
        if rotator.stop.isRequested, actions.contains(cause: Rotator.stopping) {
            throw CancellationError()
        }
        try await noteBlocks(pass, actions, opened: opened, progress: progress)
        // I9: each planned action is accounted for once. Anything else is a fault of this very code.
        precondition(actions.isComplete, "actions of the plan are missing")
        return actions
    }
}

/// What a run did.
package struct RunReport: Sendable {
    package var id: String
    package var plan: Plan
    package var startedAt: Instant
    package var finishedAt: Instant
    /// Why nothing of the plan was done: it is over a limit. Nil when it ran.
    package var refusal: String?
    /// The saved plan that it applied; nil where it made its own.
    package var savedPlan: String?
    /// Why no action of the plan was taken, and nothing of earlier ones gone on with; or, where some were, why no more
    /// of them. Nil where nothing was in the way.
    package var brake: Brake?
    /// One for each action of the plan, in its order; none when it was refused.
    package var actions: RunActions
    /// Every rotation that stands still after it, those of this plan and of earlier ones, tried by it or not; under a
    /// brake all that are due, too.
    package var stalled: [StalledRotation] = []
    /// What became of the unfinished rotations of earlier runs.
    package var recovery = RecoveryResult(rotations: [], retired: 0)
    /// Of the tokens of `recovery`.
    package var names: [TokenID: String] = [:]
    /// The saved plans that wait for an approval, of the policies that acted.
    package var awaiting: [SavedPlan] = []
    /// How many notices of coming actions were sent.
    package var notices = 0
    /// How many tokens were marked as past their end.
    package var expired: Int
    /// The waivers that were in force when it was planned.
    package var waivers: ActiveWaivers
    /// Of how many tokens each of them waived what was due or violated, by its place among them.
    package var waived: [Int] = []
    /// Of how many of the tokens that were looked at the condition of a policy errs, by its name.
    package var unanswered: [String: Int] = [:]
    package var waiverEnds = WaiverEnds()
    package var deliveries = DeliveryTotals()
    /// How many deliveries are in the outbox after it.
    package var waitingDeliveries = 0

    init(_ pass: RunPass, expired: Int, refusal: String?) {
        id = pass.id
        plan = pass.plan
        actions = RunActions(run: pass.id, of: PlannedActions())
        startedAt = pass.startedAt
        finishedAt = pass.startedAt
        self.refusal = refusal
        savedPlan = pass.savedPlan
        brake = pass.brake
        waivers = pass.waivers
        self.expired = expired
    }

    /// How many actions of the plan came to this outcome.
    package func count(_ outcome: Outcome) -> Int { actions.totals[outcome] ?? 0 }

    /// The rotations that stand still and that no action of this plan began: the plan calls for nothing where one
    /// is under way.
    package var stalledBefore: [StalledRotation] {
        if stalled.isEmpty { return [] }
        let begun = actions.rotated
        return stalled.filter { !begun.contains($0.action.tokenID) }
    }
}

/// What stays the same throughout a run.
struct RunPass: Sendable {
    var id: String
    var plan: Plan
    /// All that are loaded.
    var policies: PolicySet
    /// The names of those that the plan is made by.
    var acting: Set<String>
    /// When uses were watched.
    var tracking: TrackingHistory
    /// Those that the plan was made with.
    var waivers: ActiveWaivers
    /// Why none of its actions is taken; nil where they are.
    var brake: Brake?
    var occasion = Occasion.request
    var actor: AuditActor
    var startedAt: Instant
    /// The saved plan that it applies; nil where it made its own.
    var savedPlan: String?
    /// Of a saved plan: why an action is left out, by its token.
    var left: [TokenID: String] = [:]
    /// Which plan the actions of a policy wait for the approval of, by its name.
    var approvals: [String: String] = [:]

    func awaiting(_ plans: [SavedPlan]) -> RunPass {
        var pass = self
        for plan in plans { if let policy = plan.policy { pass.approvals[policy] = plan.id } }
        return pass
    }

    /// A change of the run itself.
    func change(at now: Instant) -> Change {
        let cause = savedPlan.map { "the plan \($0) is applied" } ?? "a run was asked for"
        return Change(actor: actor, at: now, cause: cause, run: id)
    }

    /// A change that a policy calls for.
    func change(_ policy: String, _ reason: Reason, at now: Instant) -> Change {
        Change(actor: "policy:\(policy)", at: now, cause: "\(reason.code): \(reason.message)", run: id)
    }

    /// A change that an action of the plan is.
    func change(_ planned: PlannedAction, at now: Instant) -> Change {
        Change(
            actor: "policy:\(planned.policy)", at: now, cause: "\(planned.verdict.reason.code): \(planned.message)",
            run: id)
    }

    /// A rule with its policy; nil when it is not among the loaded ones.
    func rule(_ name: String, of policy: String) -> (policy: Policy, rule: Rule)? {
        policies.rule(name, of: policy)
    }
}

extension PolicySet {
    /// A rule with its policy, by their names; nil when there is none.
    func rule(_ name: String, of policy: String) -> (policy: Policy, rule: Rule)? {
        guard let policy = policies.first(where: { $0.name == policy }),
            let rule = policy.rules.first(where: { $0.name == name })
        else { return nil }
        return (policy, rule)
    }
}
