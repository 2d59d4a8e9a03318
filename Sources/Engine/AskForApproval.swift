import RotaCore

extension RunUseCase {
    /// How long a plan waits for its approval that a run saved. The next run saves another one then, and tells again.
    static let approvalTime = TimeSpan.days(7)

    /// Saves a plan of what waits for an approval, one for each policy, and tells of it; nothing is saved while one
    /// with the same digest is open. Answers those that are open then. Nothing is asked for while there is a brake.
    func askForApproval(_ pass: RunPass) async throws -> [SavedPlan] {
        guard pass.brake == nil else { return [] }
        return try await askForApproval(
            pass.plan, pass.policies, judging: pass.acting, by: pass.actor, run: pass.id)
    }

    /// - parameters:
    ///   - judged: the names of the policies of which the plan has all that is called for: what is open of theirs, and
    ///     is another plan, is withdrawn.
    ///   - actor: who asked for the run.
    func askForApproval(
        _ plan: Plan, _ policies: PolicySet, judging judged: Set<String>, by actor: String, run: String?
    ) async throws -> [SavedPlan] {
        let awaiting = Dictionary(grouping: plan.actions.lazy.filter(\.awaitsApproval), by: \.policy)
        var open: [SavedPlan] = []
        for policy in policies.policies where policy.needsApproval {
            let (name, isJudged, actions) = (policy.name, judged.contains(policy.name), awaiting[policy.name] ?? [])
            guard isJudged || !actions.isEmpty else { continue }
            let asked = ApprovalRequest(
                policy: name, plan: plan, actions: PlannedActions(actions), isWhole: isJudged,
                id: newPlanID(random), actor: actor)
            let change = Change(
                actor: actor, at: clock.now(), cause: "the policy '\(name)' has its actions approved", run: run)
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
    /// All that the policy calls for.
    var isWhole: Bool
    /// Of the plan, if there is to be one.
    var id: String
    var actor: String

    /// The plan that is open for it, saved now or before; nil where nothing is to be approved.
    func settle(in store: any Store, change: Change) throws -> SavedPlan? {
        let identity = try store.identity()
        guard identity.generation == plan.generation else { return nil }
        var part = plan
        part.actions = actions
        part.digest = PlanDigest.of(actions, policies: plan.policiesDigest, identity: identity)
        let open = try store.openPlans(at: change.at).filter { $0.policy == policy }
        var standing = open.first { $0.digest == part.digest }
        if isWhole {
            for other in open where other.id != standing?.id {
                // One that is approved already is about to be applied.
                if other.obstacle(toApplyingAt: change.at, identity, policiesDigest: plan.policiesDigest) == nil {
                    continue
                }
                var change = change
                change.cause = actions.isEmpty ? "nothing of it is called for any more" : "another plan takes its place"
                _ = try store.withdrawPlan(other.id, by: actor, change: change)
            }
        } else {
            standing = try standing ?? open.first { try holdsAll($0, in: store) }
        }
        if let standing { return standing }
        guard !actions.isEmpty else { return nil }
        return try savePlan(
            part, as: id, of: policy, by: Principal(account: actor), expiresAt: change.at + RunUseCase.approvalTime,
            in: store, change: change)
    }

    /// Whether a plan has every one of the actions.
    private func holdsAll(_ saved: SavedPlan, in store: any Store) throws -> Bool {
        guard saved.policiesDigest == plan.policiesDigest else { return false }
        var missing = Dictionary(
            actions.map { ($0.tokenID, $0) }, uniquingKeysWith: { first, _ in first })
        try store.eachSavedAction(of: saved.id, in: .ofPlan) { action in
            if let asked = missing[action.tokenID], action.isSame(as: asked) { missing[action.tokenID] = nil }
            return !missing.isEmpty
        }
        return missing.isEmpty
    }
}
