import Crypto
package import RotaCore

/// The name of a plan that is to be saved.
package func newPlanID(_ random: any RandomSource) -> String { "plan_" + Hex.encode(random.bytes(6)) }

/// Writes a plan down, so that it can be looked at, approved and applied as it is, within a transaction: of its actions
/// those that would be taken.
///
/// - parameters:
///   - plan: within every limit.
///   - id: a new one.
///   - policy: whose actions it is of, where a run saves it.
///   - expiresAt: it is not applied from then on.
/// - throws: `PlanRefusal.nothingToDo` where there is nothing to approve and to apply.
package func savePlan(
    _ plan: Plan, as id: String, of policy: String? = nil, by requester: Principal, expiresAt: Instant,
    in store: any Store, change: Change
) throws -> SavedPlan {
    let identity = try store.identity()
    guard identity.generation == plan.generation, identity.generationID == plan.generationID else {
        throw StoreError.refused("the store has begun another generation meanwhile", hint: "plan again")
    }
    let latest = change.at + SavedPlan.longestLife
    guard expiresAt <= latest else {
        throw StoreError.refused("a plan lasts \(SavedPlan.longestLife) at most", hint: "let it expire sooner")
    }
    let actions = plan.actions.lazy.filter(\.isOfPlan)
    guard actions.contains(where: { _ in true }) else { throw PlanRefusal.nothingToDo }
    let saved = SavedPlan(
        id: id, policy: policy, digest: plan.digest, policiesDigest: plan.policiesDigest,
        instance: identity.instance, generation: identity.generation, generationID: identity.generationID, at: plan.at,
        expiresAt: expiresAt,
        requester: requester, actions: actions.count, needsApproval: actions.contains(where: \.awaitsApproval))
    try store.savePlan(saved, actions: actions.map(SavedAction.init), change: change)
    return saved
}

/// Gives somebody else's yes to a saved plan, within a transaction. Answers the plan as it then is.
///
/// - parameters:
///   - approver: whose token was verified.
///   - span: how long it holds; never longer than the plan.
/// - throws: `PlanRefusal` where it cannot be given.
package func approve(
    _ id: String, by approver: Principal, for span: TimeSpan, comment: String, policiesDigest: String,
    in store: any Store, at now: Instant
) throws -> SavedPlan {
    let plan = try store.requirePlan(id)
    let identity = try store.identity()
    if let refusal = plan.obstacle(toApprovalBy: approver, at: now, identity, policiesDigest: policiesDigest) {
        throw refusal
    }
    try store.prove(plan, identity)
    let approval = SavedPlan.Approval(
        approver: approver.name, account: approver.account, tokenID: approver.tokenID, at: now,
        expiresAt: min(now + span, plan.expiresAt), digest: plan.digest, comment: comment)
    let cause = comment.isEmpty ? "the plan was approved" : comment
    guard try store.approvePlan(id, approval, change: Change(actor: approver.actor, at: now, cause: cause)) else {
        throw PlanRefusal.again("the plan \(id) has changed meanwhile")
    }
    return try store.requirePlan(id)
}

/// Ends a saved plan that nobody is to apply, within a transaction. Answers the plan as it then is.
///
/// - throws: `PlanRefusal` where it has ended already.
package func withdraw(
    _ id: String, by person: Principal, comment: String, in store: any Store, at now: Instant
) throws -> SavedPlan {
    if let refusal = try store.requirePlan(id).obstacle(toWithdrawalAt: now) { throw refusal }
    let cause = comment.isEmpty ? "the plan was withdrawn" : comment
    guard
        try store.withdrawPlan(id, by: person.name, change: Change(actor: person.actor, at: now, cause: cause))
    else { throw PlanRefusal.again("the plan \(id) has changed meanwhile") }
    return try store.requirePlan(id)
}

extension SavedAction {
    fileprivate init(_ planned: PlannedAction) {
        self.init(
            tokenID: planned.tokenID, name: planned.name, owner: planned.owner, revision: planned.revision,
            action: planned.action, policy: planned.policy, rule: planned.rule, parameters: planned.parametersText,
            reason: planned.verdict.reason.code, message: planned.message, deadline: planned.verdict.deadline)
    }
}

/// Why something that was asked of a saved plan is not done.
package struct PlanRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    /// What to do.
    package var hint: String
    /// Nothing is refused: there is no such plan.
    package var isUnknown = false

    package var description: String { message }

    /// A plan without an action is none.
    package static let nothingToDo = PlanRefusal(
        message: "there is nothing to do now, and so no plan to save", hint: "plan again when something is due")

    static func again(_ message: String) -> PlanRefusal {
        PlanRefusal(message: message, hint: "make a new one: rota plan --save")
    }
}

extension SavedPlan {
    /// Why it is not to be touched any more; nil while it is open.
    private func closure(at now: Instant) -> PlanRefusal? {
        switch end?.kind {
        case .applied?:
            return .again("the plan \(id) has been applied already\(end?.run.map { ", by \($0)" } ?? "")")
        case .withdrawn?: return .again("the plan \(id) was withdrawn by \(end?.by ?? "")")
        case nil: break
        }
        return expiresAt <= now ? .again("the plan \(id) expired at \(expiresAt)") : nil
    }

    /// Why the plan is another store's, or made by other policies; nil where it is of these.
    private func foreignness(to identity: StoreIdentity, policiesDigest: String) -> PlanRefusal? {
        guard instance == identity.instance, generation == identity.generation,
            generationID == identity.generationID
        else {
            return .again("the plan \(id) is of another life of this store, before it was restored or copied")
        }
        guard self.policiesDigest == policiesDigest else {
            return .again("the plan \(id) was made by other policies than those that are loaded now")
        }
        return nil
    }

    /// The approval, while it holds.
    package func approval(at now: Instant) -> Approval? {
        approval.flatMap { $0.expiresAt > now && $0.digest == digest ? $0 : nil }
    }

    /// Why it cannot be applied now; nil where it can.
    package func obstacle(toApplyingAt now: Instant, _ identity: StoreIdentity, policiesDigest: String) -> PlanRefusal?
    {
        if let refusal = closure(at: now) ?? foreignness(to: identity, policiesDigest: policiesDigest) {
            return refusal
        }
        guard needsApproval, approval(at: now) == nil else { return nil }
        let hint = "let \(requester.others) approve it: rota approve \(id)"
        guard let approval else { return PlanRefusal(message: "the plan \(id) is not approved", hint: hint) }
        let fault = approval.digest == digest ? "expired at \(approval.expiresAt)" : "is for another plan"
        return PlanRefusal(message: "the approval of the plan \(id) \(fault)", hint: hint)
    }

    /// Why this person cannot approve it now; nil where he can.
    package func obstacle(
        toApprovalBy approver: Principal, at now: Instant, _ identity: StoreIdentity, policiesDigest: String
    )
        -> PlanRefusal?
    {
        if let refusal = closure(at: now) ?? foreignness(to: identity, policiesDigest: policiesDigest) {
            return refusal
        }
        // One of an earlier release.
        guard actions > 0 else {
            return PlanRefusal(message: "the plan \(id) has nothing to do", hint: "there is nothing to approve")
        }
        if let approval = approval(at: now) {
            return PlanRefusal(
                message: "the plan \(id) is approved already, by \(approval.approver), until \(approval.expiresAt)",
                hint: "apply it: rota run --plan \(id)")
        }
        return requester.obstacle(toApprovalOf: "the plan \(id)", by: approver).map {
            PlanRefusal(message: $0.message, hint: $0.hint)
        }
    }

    /// Why it cannot be withdrawn; nil where it can.
    package func obstacle(toWithdrawalAt now: Instant) -> PlanRefusal? { closure(at: now) }
}
