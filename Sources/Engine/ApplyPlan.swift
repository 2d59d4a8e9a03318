package import RotaCore

extension RunUseCase {
    /// Who a daemon applies approved plans as. Not the scheduler: one that is interrupted is not made up for by all
    /// that its policies call for.
    package static let approvalFollower: AuditActor = "rota serve, an approved plan"

    /// Applies exactly one saved plan, once.
    ///
    /// Every action is decided anew: it is taken where the token has the revision that it had and the policies call
    /// for the very same, else left out and told with the reason. Nothing else is done: neither is what earlier runs
    /// left gone on with, nor are findings opened or notices sent.
    ///
    /// - parameter watchesClock: false for a daemon, which does it all the time.
    /// - throws: `PlanRefusal` where the plan cannot be applied, `StoreError.held` under a brake, `CancellationError`
    ///   where the process is to stop; nothing is changed then, and the plan stays as it is. So it does where a limit
    ///   refuses it, which the report tells.
    package func apply(
        _ planID: String, policies: PolicySet, limits: Limits, actor: AuditActor, watchesClock: Bool = true,
        deliverWithin deliveryTime: TimeSpan? = TimeSpan(seconds: 30), progress: ProgressReport? = nil
    ) async throws -> RunReport {
        if watchesClock {
            let watch = RunClock(clock)
            _ = watch.look()
            try await store.read { $0.watchClock { watch.look() } }
        }
        let startedAt = clock.now()
        if let brake = try await store.brake(at: startedAt) { throw StoreError.held(brake) }
        let request = PlanRequest(
            policies: policies, limits: limits, vaults: Set(rotator.vaults.keys), at: startedAt)
        let reviewed = try await store.read { try review(planID, request, from: $0) }
        let saved = reviewed.saved
        let plan = Plan(
            digest: saved.digest, at: saved.at, policiesDigest: saved.policiesDigest, generation: saved.generation,
            generationID: reviewed.generationID, actions: reviewed.actions, candidates: reviewed.actions.count)
        let run = RunRecord(
            id: newID(), acting: Set(plan.actions.lazy.map(\.policy)).sorted(), actor: actor, startedAt: startedAt)
        var pass = RunPass(
            id: run.id, plan: plan, policies: policies, acting: [], tracking: reviewed.tracking,
            waivers: reviewed.waivers, actor: actor, startedAt: startedAt)
        pass.savedPlan = planID
        pass.left = reviewed.left
        var report = RunReport(pass, expired: 0, refusal: reviewed.refusal)
        try await begin(run, pass, saved, refusal: reviewed.refusal)
        if reviewed.refusal == nil {
            do {
                report.actions = try await carryOut(pass, opened: FindingKeys(), progress: progress)
            } catch let error as CancellationError {
                try await store.read { try $0.leaveRun(run.id) }
                throw error
            }
            try await closeFindings(pass, Violations(PlanRows()), after: report, progress: progress)
            report.brake = try await lateBrake(report)
            report.stalled = try await stalledRotations(under: nil)
            try await finish(pass, aborted: nil, totals: report.actions.totals)
        }
        report.finishedAt = clock.now()
        if let deliveryTime { report.deliveries = try await deliver(within: deliveryTime, progress: progress) }
        report.waitingDeliveries = try await store.read { try $0.deliveryCounts().waiting }
        return report
    }

    /// Takes the plan up in the transaction that begins its run, so that it is applied once, however many try. Over a
    /// limit the run is aborted at once, and the plan stays.
    private func begin(_ run: RunRecord, _ pass: RunPass, _ saved: SavedPlan, refusal: String?) async throws {
        try await store.write { store in
            // Whoever has to stop leaves the plan to the next process, whole.
            if self.rotator.stop.isRequested { throw CancellationError() }
            let now = self.clock.now()
            try self.begin(run, in: store)
            let change = pass.change(at: now)
            try store.planRun(run.id, digest: saved.digest, actions: pass.plan.actions.count, change: change)
            if let refusal { return try store.finishRun(run.id, aborted: refusal, totals: [:], change: change) }
            guard try store.applyPlan(saved.id, run: run.id, change: change) else {
                // Thrown, so that nothing of the run stays.
                throw try store.savedPlan(saved.id)?.obstacle(
                    toApplyingAt: now, try store.identity(), policiesDigest: saved.policiesDigest)
                    ?? PlanRefusal.again("the plan \(saved.id) has changed meanwhile")
            }
        }
    }

    /// The plans that runs saved, that have been approved, and that can be applied now.
    package func approvedPlans(of policies: PolicySet) async throws -> [SavedPlan] {
        let now = clock.now()
        return try await store.read { store in
            let identity = try store.identity()
            return try store.openPlans(at: now).filter { plan in
                plan.policy != nil
                    && plan.obstacle(toApplyingAt: now, identity, policiesDigest: policies.digest) == nil
            }
        }
    }
}

extension StoreReads {
    /// - throws: `PlanRefusal` where there is none of this id.
    package func requirePlan(_ id: String) throws -> SavedPlan {
        guard let plan = try savedPlan(id) else {
            throw PlanRefusal(
                message: "there is no plan '\(SecretShape.shown(id))'", hint: "see 'rota plan list'", isUnknown: true)
        }
        return plan
    }

    /// - throws: `PlanRefusal` where the actions of a plan are not those that its digest is of.
    func prove(_ plan: SavedPlan, _ identity: StoreIdentity) throws {
        var digest = PlanDigest(policies: plan.policiesDigest, identity: identity)
        try eachSavedAction(of: plan.id, in: .byToken) { action in
            try digest.add(action)
            return true
        }
        guard digest.finish() == plan.digest else {
            throw PlanRefusal.again("the plan \(plan.id) is not the one that was saved: its digest is another")
        }
    }
}

/// A saved plan, held against the tokens as they are now.
private struct ReviewedPlan: Sendable {
    var saved: SavedPlan
    var actions: PlannedActions
    /// Why an action is left out, by its token.
    var left: [TokenID: String]
    /// The limit that what is left is over; nil within all.
    var refusal: String?
    var tracking: TrackingHistory
    var waivers: ActiveWaivers
    /// Of the store that it is held against.
    var generationID: String
}

/// Decides every action of a plan anew.
private func review(_ id: String, _ request: PlanRequest, from store: any Store) throws -> ReviewedPlan {
    let saved = try store.requirePlan(id)
    let identity = try store.identity()
    let digest = request.policies.digest
    if let refusal = saved.obstacle(toApplyingAt: request.at, identity, policiesDigest: digest) { throw refusal }
    try store.prove(saved, identity)
    var request = request
    // By the policy that it was made for; one of another policy has its turn by itself.
    if let name = saved.policy {
        request.policies = PolicySet(
            policies: request.policies.policies.filter { $0.name == name }, digest: request.policies.digest)
    }
    let reviewer = try Reviewer(request, store)
    var (rows, taken) = (PlanRows(), PlanRows())
    var left: [TokenID: String] = [:]
    try store.eachSavedAction(of: id, in: .ofPlan) { action in
        let (planned, why) = try reviewer.review(action)
        rows.add(planned)
        if let why { left[action.tokenID] = why } else { taken.add(planned) }
        return true
    }
    rows.sort()
    return ReviewedPlan(
        saved: saved, actions: PlannedActions(rows), left: left,
        refusal: try refusal(
            of: PlannedActions(taken), deferred: [:], begun: [:], request: request, tracking: reviewer.tracking,
            from: store),
        tracking: reviewer.tracking, waivers: reviewer.planner.waivers, generationID: identity.generationID)
}

/// Holds saved actions against what is called for now.
private struct Reviewer {
    private let request: PlanRequest
    private let store: any Store
    let planner: Planner
    private let failed: [TokenID: FailedAttempts]
    let tracking: TrackingHistory

    init(_ request: PlanRequest, _ store: any Store) throws {
        self.request = request
        self.store = store
        tracking = try store.tracking()
        planner = Planner(
            policies: request.policies, vaults: request.vaults, tracking: tracking,
            waivers: ActiveWaivers(try store.waiversInForce(at: request.at)))
        failed = Dictionary(
            try store.failedAttempts().map { ($0.tokenID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The action as it is now; or as it was, with why it is left out.
    func review(_ saved: SavedAction) throws -> (PlannedAction, left: String?) {
        guard let token = try store.token(saved.tokenID) else {
            throw StoreError.failed("the plan is about a token that the store does not have: \(saved.tokenID)")
        }
        let now = try decide(token)
        if let now, saved.isSame(as: now) {
            return (now, saved.action == .notify ? "a run without a saved plan tells it" : nil)
        }
        guard let (policy, rule) = request.policies.rule(saved.rule, of: saved.policy) else {
            throw StoreError.failed("the plan has a rule that its policies do not have: \(saved.policy)/\(saved.rule)")
        }
        let former = PlannedAction(
            tokenID: saved.tokenID, name: saved.name, owner: saved.owner, revision: saved.revision,
            action: saved.action, policy: saved.policy, rule: saved.rule,
            verdict: policy.verdict(of: rule, on: token, at: request.at, tracking: tracking))
        return (former, saved.difference(from: now, token))
    }

    private func decide(_ token: Token) throws -> PlannedAction? {
        let notices = { try store.notices(of: token.id) }
        if token.state == .quarantined, let quarantine = try store.quarantine(of: token.id) {
            return try planner.decide(token, in: quarantine, at: request.at, notices: notices) {
                try store.refusedUses(of: token.id, in: quarantine)
            }.action
        }
        var decision = try planner.decide(token, at: request.at, notices: notices) {
            try store.destinations(of: token.id)
        }
        if let failure = failed[token.id] { decision.hold(by: failure, at: request.at) }
        return decision.action
    }
}

extension SavedAction {
    fileprivate func isSame(as now: PlannedAction) -> Bool {
        revision == now.revision && action == now.action && policy == now.policy && rule == now.rule
            && parameters == now.parametersText
    }

    fileprivate func difference(from now: PlannedAction?, _ token: Token) -> String {
        if token.revision != revision { return "it has changed since it was planned" }
        guard let now else { return "it is no longer called for" }
        return "\(now.action.rawValue) is called for now, by \(now.policy)/\(now.rule)"
    }
}
