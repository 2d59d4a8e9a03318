import Crypto
import JSON
package import RotaCore

/// What to plan for.
package struct PlanRequest: Sendable {
    package var policies: PolicySet
    /// The limits above every policy's own.
    package var limits: Limits
    /// The names of the configured vaults.
    package var vaults: Set<String>
    package var at: Instant
    /// It is not `at` now: uses are taken to be watched without a break.
    package var hypothetical: Bool

    package init(
        policies: PolicySet, limits: Limits, vaults: Set<String>, at: Instant, hypothetical: Bool = false
    ) {
        self.policies = policies
        self.limits = limits
        self.vaults = vaults
        self.at = at
        self.hypothetical = hypothetical
    }
}

/// A plan, and what was seen on the way to it.
package struct PlanResult: Sendable {
    package var plan: Plan
    /// Why a run refuses the plan as a whole, with the numbers; nil within the limits.
    package var refusal: String?
    /// Every violating verdict, whatever the mode of its policy: what findings are opened and closed by.
    package var findings: [Violation]
    /// When uses were watched, as it was planned with.
    package var tracking: TrackingHistory
}

/// A violating verdict of one rule over one token.
package struct Violation: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var policy: String
    package var rule: String
    package var verdict: Verdict
    package var mode: Mode
    /// Why the action that would cure it cannot be taken; nil where it can, or where none is called for.
    package var blocked: BlockedReason?
}

/// Works out the exact actions that a run would take at an instant, without changing anything.
///
/// Costs what is due, not what exists: only the candidates of index ranges are read, and tokens are counted
/// only for a limit in percent of a policy that has actions.
package func makePlan(_ request: PlanRequest, from store: any Store) throws -> PlanResult {
    let tracking = request.hypothetical ? .unbroken : try store.tracking()
    let planner = Planner(policies: request.policies, vaults: request.vaults, tracking: tracking)
    var actions: [PlannedAction] = []
    var findings: [Violation] = []
    let candidates = try eachCandidate(of: request, from: store) { token in
        let decision = try planner.decide(token, at: request.at) { try store.destinations(of: token.id) }
        if let action = decision.action { actions.append(action) }
        for ruling in decision.rulings where ruling.verdict.status == .violating {
            var violation = Violation(ruling, of: token, by: request.policies.policies[ruling.policy])
            if let action = decision.action, action.cures(violation) { violation.blocked = action.blocked }
            findings.append(violation)
        }
    }
    actions.sort { $0.precedes($1) }
    actions.hold(toPaceOf: request.policies.policies)
    let identity = try store.identity()
    let plan = Plan(
        digest: digest(of: actions, policies: request.policies, identity: identity), at: request.at,
        policiesDigest: request.policies.digest, generation: identity.generation, actions: actions,
        candidates: candidates)
    return PlanResult(
        plan: plan, refusal: try refusal(of: actions, request: request, from: store), findings: findings,
        tracking: tracking)
}

/// Calls `each` once for every token that may have a due verdict; returns how many there were.
private func eachCandidate(
    of request: PlanRequest, from store: any Store, _ each: (Token) throws -> Void
) throws -> Int {
    let queries = candidateQueries(for: request.policies, at: request.at)
    var seen: Set<TokenID> = []
    for query in queries {
        try store.eachCandidate(query) { token in
            if seen.insert(token.id).inserted { try each(token) }
            return true
        }
    }
    return seen.count
}

/// Every limit that the actions are over, in one sentence; nil when there is none.
private func refusal(
    of actions: [PlannedAction], request: PlanRequest, from store: any Store
) throws -> String? {
    let taken = actions.filter(\.takesEffect)
    guard !taken.isEmpty else { return nil }
    let byPolicy = Dictionary(grouping: taken, by: \.policy)
    let policies = request.policies.policies
    let checks = policies.map { policy in
        LimitCheck(
            subject: "policy '\(policy.name)' would act", limits: policy.limits,
            actions: byPolicy[policy.name]?.count ?? 0)
    }
    let counted = policies.indices.filter { checks[$0].needsTotal }
    let totals = try countSelected(by: policies, counted, at: request.at, from: store)
    var refusals = policies.indices.compactMap { index in
        checks[index].refusal(total: totals[index] ?? 0, of: "tokens that it selects")
    }
    let all = LimitCheck(subject: "the plan would act", limits: request.limits, actions: taken.count)
    let active = all.needsTotal ? try store.countActive() : 0
    if let refusal = all.refusal(total: active, of: "active tokens") { refusals.append(refusal) }
    return refusals.isEmpty ? nil : refusals.joined(separator: "; ")
}

/// How many tokens each of these policies selects, in one pass over the active tokens, or none at all.
private func countSelected(
    by policies: [Policy], _ counted: [Int], at now: Instant, from store: any Store
) throws -> [Int: Int] {
    var totals: [Int: Int] = [:]
    guard !counted.isEmpty else { return totals }
    try store.eachToken(states: [.active]) { token in
        guard token.canAuthenticate(at: now) else { return true }
        for index in counted where policies[index].selector.matches(token) { totals[index, default: 0] += 1 }
        return true
    }
    return totals
}

/// SHA-256 of the canonical {instance, generation, policies, actions}: of the actions that would be taken, so
/// that an approval holds for as long as those are the same.
private func digest(of actions: [PlannedAction], policies: PolicySet, identity: StoreIdentity) -> String {
    let taken = actions.filter { $0.blocked == nil && !$0.waiting }.sorted { $0.tokenID < $1.tokenID }
    let document: JSON = [
        "instance": .string(identity.instance),
        "generation": .integer(identity.generation),
        "policies": .string(policies.digest),
        "actions": .array(taken.map(canonical)),
    ]
    return "sha256:" + Hex.encode(SHA256.digest(of: document.canonicalBytes()))
}

private func canonical(_ action: PlannedAction) -> JSON {
    var parameters: JSON.Object = [:]
    if action.action == .rotate {
        parameters["overlap"] = .integer(action.overlap.seconds)
        parameters["cap"] = action.cap.span.map { .integer($0.seconds) } ?? .null
        parameters["revoke_at_cap"] = .bool(action.cap.revokes)
    }
    return [
        .string(action.tokenID.text), .integer(action.revision), .string(action.action.rawValue), .object(parameters),
        .string(action.policy), .string(action.rule),
    ]
}

extension PlannedAction {
    /// Whether it is the action of the rule that is violated, or covers it.
    fileprivate func cures(_ violation: Violation) -> Bool {
        let reference = RuleReference(policy: violation.policy, rule: violation.rule)
        return reference == RuleReference(policy: policy, rule: rule) || covers.contains(reference)
    }
}

extension Violation {
    fileprivate init(_ ruling: Planner.Ruling, of token: Token, by policy: Policy) {
        self.init(
            tokenID: token.id, name: token.name, policy: policy.name, rule: policy.rules[ruling.rule].name,
            verdict: ruling.verdict, mode: policy.mode)
    }
}
