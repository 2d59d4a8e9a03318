import RotaCore

extension RunUseCase {
    /// How long a plan waits for its approval that a run saved. The next run saves another one then, and tells again.
    static let approvalTime = TimeSpan.days(7)

    /// Saves a plan of what waits for an approval, one for each policy, and tells of it; nothing is saved while one
    /// with the same digest is open. Answers those that are open then. Nothing is asked for while there is a brake.
    func askForApproval(_ pass: RunPass, by requester: Principal) async throws -> [SavedPlan] {
        guard pass.brake == nil else { return [] }
        return try await askForApproval(
            pass.plan, of: pass.policies.policies.filter { pass.acting.contains($0.name) }, by: requester,
            as: pass.actor, run: pass.id)
    }

    /// Asks in time for what would end before its policy runs again, where no open plan has it: with all else that the
    /// policy calls for.
    ///
    /// - parameters:
    ///   - endings: a plan of nothing but that.
    ///   - policies: all that are loaded.
    func askBeforeEnds(_ endings: Plan, _ policies: PolicySet, limits: Limits) async throws {
        let awaiting = Dictionary(grouping: endings.actions.lazy.filter(\.awaitsApproval), by: \.policy)
        guard !awaiting.isEmpty else { return }
        let (now, digest) = (clock.now(), policies.digest)
        let unasked = try await store.read { store in
            let open = try store.openPlans(at: now).filter { $0.policiesDigest == digest }
            return Set(
                try awaiting.filter { policy, actions in
                    try !open.contains { try $0.policy == policy && store.holdsAll(actions, $0) }
                }.keys)
        }
        let asking = policies.policies.filter { unasked.contains($0.name) }
        guard !asking.isEmpty else { return }
        let request = PlanRequest(
            policies: PolicySet(policies: asking, digest: digest), limits: limits, vaults: Set(rotator.vaults.keys),
            at: now)
        let planned = try await store.read { try makePlan(request, from: $0) }
        let whole = Dictionary(grouping: planned.plan.actions.lazy.filter(\.awaitsApproval), by: \.policy)
            .mapValues { Set($0.map(\.tokenID)) }
        // Where the pace or a limit is in the way of all that is called for, what would end is asked for by itself.
        let isCrowded = { (policy: Policy) in
            let ending = awaiting[policy.name, default: []].map(\.tokenID)
            return planned.refusal != nil || !(whole[policy.name] ?? []).isSuperset(of: ending)
        }
        let watcher = Principal(account: Self.endWatcher.name)
        _ = try await askForApproval(
            planned.plan, of: asking.filter { !isCrowded($0) }, by: watcher, as: Self.endWatcher, run: nil)
        _ = try await askForApproval(
            endings, of: asking.filter(isCrowded), by: watcher, as: Self.endWatcher, run: nil)
    }

    /// - parameters:
    ///   - policies: those that the plan has all actions of. What is open of theirs, and is another plan, is withdrawn.
    ///   - requester: who asked for the run, and cannot approve it.
    ///   - actor: the same, as the audit log has it.
    private func askForApproval(
        _ plan: Plan, of policies: [Policy], by requester: Principal, as actor: AuditActor, run: String?
    ) async throws -> [SavedPlan] {
        let awaiting = Dictionary(grouping: plan.actions.lazy.filter(\.awaitsApproval), by: \.policy)
        var open: [SavedPlan] = []
        for policy in policies where policy.needsApproval {
            let asked = ApprovalRequest(
                policy: policy.name, plan: plan, actions: PlannedActions(awaiting[policy.name] ?? []),
                id: newPlanID(random), requester: requester)
            let change = Change(
                actor: actor, at: clock.now(), cause: "the policy '\(policy.name)' has its actions approved", run: run)
            if let saved = try await store.write({ try asked.settle(in: $0, change: change) }) { open.append(saved) }
        }
        return open
    }
}

/// What is to be approved of one policy.
private struct ApprovalRequest: Sendable {
    var policy: String
    var plan: Plan
    var actions: PlannedActions
    /// Of the plan, if there is to be one.
    var id: String
    var requester: Principal

    /// The plan that is open for it, saved now or before; nil where nothing is to be approved.
    func settle(in store: any Store, change: Change) throws -> SavedPlan? {
        let identity = try store.identity()
        guard identity.generation == plan.generation, identity.generationID == plan.generationID else { return nil }
        var part = plan
        part.actions = actions
        part.digest = PlanDigest.of(actions, policies: plan.policiesDigest, identity: identity)
        let open = try store.openPlans(at: change.at).filter { $0.policy == policy }
        let standing = actions.isEmpty ? nil : open.first { $0.digest == part.digest }
        for other in open where other.id != standing?.id {
            // One that is approved already is about to be applied.
            if other.obstacle(toApplyingAt: change.at, identity, policiesDigest: plan.policiesDigest) == nil {
                continue
            }
            var change = change
            change.cause = actions.isEmpty ? "nothing of it is called for any more" : "another plan takes its place"
            _ = try store.withdrawPlan(other.id, by: change.actor.name, change: change)
        }
        if let standing { return standing }
        guard !actions.isEmpty else { return nil }
        return try savePlan(
            part, as: id, of: policy, by: requester,
            expiresAt: change.at + RunUseCase.approvalTime, in: store, change: change)
    }
}

extension StoreReads {
    /// Whether a plan has an action of every token that one of these is of.
    fileprivate func holdsAll(_ actions: [PlannedAction], _ plan: SavedPlan) throws -> Bool {
        var missing = Set(actions.map(\.tokenID))
        try eachSavedAction(of: plan.id, in: .ofPlan) { action in
            missing.remove(action.tokenID)
            return !missing.isEmpty
        }
        return missing.isEmpty
    }
}
