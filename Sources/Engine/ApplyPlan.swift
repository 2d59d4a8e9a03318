package import RotaCore

/// A saved plan, held against the tokens as they are now.
private struct ReviewedPlan: Sendable {
    var actions: PlannedActions
    /// Why an action is left out, by its token.
    var changed: [TokenID: String]
    /// The limit that what is left is over; nil within all.
    var refusal: String?
    var tracking: TrackingHistory
}

extension RunUseCase {
    /// Applies exactly one saved plan, once.
    ///
    /// Every action is decided anew: it is taken where the token has the revision that it had and the policies call
    /// for the very same, else left out and told with the reason. Nothing else is done: neither is what earlier runs
    /// left gone on with, nor are findings opened.
    ///
    /// - throws: `PlanRefusal` where the plan cannot be applied, `StoreError.held` under a brake; nothing is changed
    ///   then, and the plan stays as it is.
    package func apply(
        _ planID: String, policies: PolicySet, limits: Limits, actor: String,
        deliverWithin deliveryTime: TimeSpan? = TimeSpan(seconds: 30), progress: ProgressReport? = nil
    ) async throws -> RunReport {
        let watch = RunClock(clock)
        _ = watch.look()
        try await store.read { $0.watchClock { watch.look() } }
        let startedAt = clock.now()
        if let brake = try await store.brake(at: startedAt) { throw StoreError.held(brake) }
        let request = PlanRequest(
            policies: policies, limits: limits, vaults: Set(rotator.vaults.keys), at: startedAt)
        let (saved, reviewed) = try await store.read { store in
            let saved = try store.requirePlan(planID)
            return (saved, try review(saved, request, from: store))
        }
        let plan = Plan(
            digest: saved.digest, at: saved.at, policiesDigest: saved.policiesDigest, generation: saved.generation,
            actions: reviewed.actions, candidates: reviewed.actions.count)
        let run = RunRecord(
            id: newID(), acting: Set(reviewed.actions.lazy.map(\.policy)).sorted(), actor: actor, startedAt: startedAt)
        var pass = RunPass(
            id: run.id, plan: plan, policies: policies, acting: [], tracking: reviewed.tracking, actor: actor,
            startedAt: startedAt)
        pass.savedPlan = planID
        pass.changed = reviewed.changed
        try await begin(run, pass, saved, refusal: reviewed.refusal)
        var report = RunReport(pass, expired: 0, refusal: reviewed.refusal)
        do {
            if reviewed.refusal == nil { report.actions = try await carryOut(pass, progress) }
            report.stalled = try await stalledRotations()
            report.brake = try await lateBrake(report)
            if reviewed.refusal == nil {
                try await closeFindings(pass, Violations(PlanRows()), after: report, progress: progress)
                try await finish(pass, aborted: nil, totals: report.actions.totals)
            }
        } catch let error as CancellationError {
            try await store.read { try $0.leaveRun(run.id) }
            throw error
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

    private func carryOut(_ pass: RunPass, _ progress: ProgressReport?) async throws -> RunActions {
        let actions = try await act(pass, opened: FindingKeys(), progress: progress)
        if rotator.stop.isRequested, actions.contains(cause: Rotator.stopping) { throw CancellationError() }
        try await noteBlocks(pass, actions, opened: FindingKeys(), progress: progress)
        let touched = Array(actions.touched)
        for batch in touched.batches(of: Self.largestBatch) {
            try await store.write { try $0.forgetApprovalWaits(of: batch) }
        }
        // I9, as of any run.
        precondition(actions.isComplete, "actions of the plan are missing")
        return actions
    }
}

extension StoreReads {
    /// - throws: `PlanRefusal` where there is none of this id.
    package func requirePlan(_ id: String) throws -> SavedPlan {
        guard let plan = try savedPlan(id) else {
            throw PlanRefusal(message: "there is no plan \(id)", hint: "see 'rota plan list'")
        }
        return plan
    }
}

/// Decides every action of a plan anew, within one state of the store.
private func review(_ saved: SavedPlan, _ request: PlanRequest, from store: any Store) throws -> ReviewedPlan {
    try store.snapshot {
        let identity = try store.identity()
        if let refusal = saved.obstacle(
            toApplyingAt: request.at, identity, policiesDigest: request.policies.digest)
        {
            throw refusal
        }
        var digest = PlanDigest(policies: request.policies.digest, identity: identity)
        var reviewer = try Reviewer(request, store)
        var (rows, taken) = (PlanRows(), PlanRows())
        try store.eachSavedAction(of: saved.id, in: .byToken) { action in
            if action.blocked == nil, action.hold != .pace { try digest.add(action) }
            let planned = try reviewer.review(action)
            rows.add(planned)
            if reviewer.changed[action.tokenID] == nil { taken.add(planned) }
            return true
        }
        guard digest.finish() == saved.digest else {
            throw PlanRefusal.again("the plan \(saved.id) is not the one that was saved: its digest is another")
        }
        rows.sort()
        taken.sort()
        return ReviewedPlan(
            actions: PlannedActions(rows), changed: reviewer.changed,
            refusal: try refusal(of: PlannedActions(taken), request: request, from: store), tracking: reviewer.tracking)
    }
}

/// Holds saved actions against what is called for now.
private struct Reviewer {
    private let request: PlanRequest
    private let store: any Store
    private let planner: Planner
    private let failed: [TokenID: FailedAttempts]
    let tracking: TrackingHistory
    private(set) var changed: [TokenID: String] = [:]

    init(_ request: PlanRequest, _ store: any Store) throws {
        self.request = request
        self.store = store
        tracking = try store.tracking()
        planner = Planner(policies: request.policies, vaults: request.vaults, tracking: tracking)
        failed = Dictionary(
            try store.failedAttempts().map { ($0.tokenID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The action as it stands now; where it is not the same any more, as it was, and left out.
    mutating func review(_ saved: SavedAction) throws -> PlannedAction {
        guard let token = try store.token(saved.tokenID) else {
            throw StoreError.failed("the plan is about a token that the store does not have: \(saved.tokenID)")
        }
        let now = try decide(token)
        guard saved.blocked == nil, saved.hold != .pace else {
            return try self.saved(saved, token, now)
        }
        if let why = difference(of: saved, from: now, token) {
            changed[token.id] = why
            return try self.saved(saved, token, now)
        }
        return try now ?? self.saved(saved, token, nil)
    }

    private func decide(_ token: Token) throws -> PlannedAction? {
        if token.state == .quarantined, let quarantine = try store.quarantine(of: token.id) {
            return try planner.action(for: token, in: quarantine, at: request.at) {
                try store.refusedUses(of: token.id, in: quarantine)
            }
        }
        var decision = try planner.decide(token, at: request.at) { try store.destinations(of: token.id) }
        if let failure = failed[token.id] { decision.hold(by: failure, at: request.at) }
        return decision.action
    }

    private func difference(of saved: SavedAction, from now: PlannedAction?, _ token: Token) -> String? {
        if token.revision != saved.revision { return "it has changed since it was planned" }
        guard let now else { return "it is no longer called for" }
        guard now.action == saved.action, now.policy == saved.policy, now.rule == saved.rule,
            now.parametersText == saved.parameters
        else { return "\(now.action.rawValue) is called for now, by \(now.policy)/\(now.rule)" }
        return nil
    }

    /// As it was saved, with what its rule says now.
    private func saved(_ saved: SavedAction, _ token: Token, _ now: PlannedAction?) throws -> PlannedAction {
        let policy = request.policies.policies.first { $0.name == saved.policy }
        guard let rule = policy?.rules.first(where: { $0.name == saved.rule }) else {
            throw StoreError.failed("the plan has a rule that its policies do not have: \(saved.policy)/\(saved.rule)")
        }
        let isSame = now?.policy == saved.policy && now?.rule == saved.rule
        return PlannedAction(
            tokenID: saved.tokenID, name: saved.name, owner: saved.owner, revision: saved.revision,
            action: saved.action, policy: saved.policy, rule: saved.rule,
            verdict: isSame
                ? now?.verdict ?? evaluate(rule, of: token, at: request.at, tracking: tracking)
                : evaluate(rule, of: token, at: request.at, tracking: tracking),
            blocked: saved.blocked, hold: saved.hold == .pace ? .pace : nil, covers: saved.covers)
    }
}
