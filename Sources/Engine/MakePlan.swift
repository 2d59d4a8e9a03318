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
    /// Whose turn it is.
    package var occasion: Occasion

    package init(
        policies: PolicySet, limits: Limits, vaults: Set<String>, at: Instant, hypothetical: Bool = false,
        occasion: Occasion = .request
    ) {
        self.policies = policies
        self.limits = limits
        self.vaults = vaults
        self.at = at
        self.hypothetical = hypothetical
        self.occasion = occasion
    }
}

/// A plan, and what was seen on the way to it.
package struct PlanResult: Sendable {
    package var plan: Plan
    /// Why a run refuses the plan as a whole, with the numbers; nil within the limits.
    package var refusal: String?
    /// Every violating verdict, whatever the mode of its policy: what findings are opened and closed by.
    package var findings: Violations
    /// When uses were watched, as it was planned with.
    package var tracking: TrackingHistory
    /// Rotations that could not begin when they were tried last, by token.
    package var failedAttempts: [TokenID: FailedAttempts]
    /// The tokens of which people are to be told now what is coming.
    package var noticed: [TokenID]
    /// The waivers that it was planned with.
    package var waivers: ActiveWaivers
    /// Of how many tokens each of them waives what is due or violated, by its place among them.
    package var waived: [Int]
    /// Of how many of the tokens that were looked at the condition of a policy errs, by its name.
    package var unanswered: [String: Int]
    /// The notices that were sent before and were seen to hold.
    var standing: NoticeKeys
}

/// Works out the exact actions that a run would take at an instant, without changing anything.
///
/// Costs what is due, not what exists: only the candidates of index ranges are read, and tokens are counted
/// only for a limit in percent of a policy that has actions.
///
/// - parameter progress: called now and then with how many candidates were looked at.
package func makePlan(
    _ request: PlanRequest, from store: any Store, progress: (Int) throws -> Void = { _ in }
) throws -> PlanResult {
    let tracking = request.hypothetical ? .unbroken : try store.tracking()
    let waivers = ActiveWaivers(try store.waiversInForce(at: request.at))
    let planner = Planner(
        policies: request.policies, vaults: request.vaults, tracking: tracking, waivers: waivers)
    let failed = Dictionary(
        try store.failedAttempts().map { ($0.tokenID, $0) }, uniquingKeysWith: { first, _ in first })
    var rows = PlanRows()
    var looked = 0
    // Limits are for all that is due: those that wait for their turn within the spread are counted with the others.
    var deferred: [String: Int] = [:]
    var noticed: [TokenID] = []
    var standing: [NoticeKey] = []
    var waived = WaivedTally(waivers)
    var unanswered: [Int: Int] = [:]
    let tells = !request.occasion.isEarly
    // What a vault holds that nobody knows is only seen by trying, and the run of the policy does that often enough.
    let conflicts = tells ? [] : Set(try store.blocks().filter { $0.reason == .conflict }.map(\.tokenID))
    func take(_ token: Token, _ found: Planner.Decision) {
        var decision = found
        let policy = decision.policy.map { request.policies.policies[$0] }
        request.occasion.settle(&decision.action, of: token, by: policy, at: request.at)
        if let action = decision.action, action.waiting, action.mayBegin == nil, action.blocked == nil {
            deferred[action.policy, default: 0] += 1
        }
        // What is violated, and what is coming, is told by the run of the policy.
        if !tells { decision.rulings = [] }
        rows.add(token, decision, by: request.policies.policies)
        waived.add(found.rulings)
        for policy in Set(found.rulings.lazy.filter(\.isUnanswered).map(\.policy)) {
            unanswered[policy, default: 0] += 1
        }
        guard tells else { return }
        if !decision.notices.isEmpty { noticed.append(token.id) }
        for notice in decision.standing { standing.append(NoticeKey(token.id, notice)) }
    }
    let candidates = try eachCandidate(of: request, from: store) { token in
        looked += 1
        if looked.isMultiple(of: 1_000) { try progress(looked) }
        var decision = try planner.decide(token, at: request.at, notices: { try store.notices(of: token.id) }) {
            try store.destinations(of: token.id)
        }
        if let failure = failed[token.id] { decision.hold(by: failure, at: request.at) }
        if conflicts.contains(token.id) { decision.block(.conflict) }
        take(token, decision)
    }
    var ending = 0
    // A quarantine that has come to its end is none of what would end too soon: the run of its policy ends it.
    if tells {
        ending = try eachEndingQuarantine(of: request, from: store) { token, quarantine in
            let decision = try planner.decide(
                token, in: quarantine, at: request.at, notices: { try store.notices(of: token.id) }
            ) {
                try store.refusedUses(of: token.id, in: quarantine)
            }
            take(token, decision)
        }
    }
    rows.sort()
    let findings = Violations(rows)
    var actions = PlannedActions(rows)
    let begun = actions.isEmpty ? [:] : try begunBefore(request, from: store)
    actions.hold(toPaceOf: request.policies.policies, after: begun.mapValues(\.count))
    actions.holdForApproval(by: request.policies.policies)
    let identity = try store.identity()
    let plan = Plan(
        digest: PlanDigest.of(actions, policies: request.policies.digest, identity: identity), at: request.at,
        policiesDigest: request.policies.digest, generation: identity.generation,
        generationID: identity.generationID, actions: actions, candidates: candidates + ending)
    return PlanResult(
        plan: plan,
        refusal: try refusal(
            of: actions, deferred: deferred, begun: begun, request: request, tracking: tracking, from: store),
        findings: findings, tracking: tracking, failedAttempts: failed, noticed: noticed,
        waivers: waivers, waived: waived.uses.map(\.held),
        unanswered: Dictionary(
            uniqueKeysWithValues: unanswered.map { (request.policies.policies[$0.key].name, $0.value) }),
        standing: NoticeKeys(standing))
}

extension Planner.Decision {
    /// A rotation waits from one attempt to the next, unless there is more in its way.
    mutating func hold(by failure: FailedAttempts, at now: Instant) {
        if failure.nextAttemptAt > now { block(.vaultFailing) }
    }

    mutating func block(_ reason: BlockedReason) {
        guard action?.action == .rotate, action?.blocked == nil else { return }
        action?.blocked = reason
    }
}

/// Calls `each` once for every token that may have a due verdict; returns how many there were.
private func eachCandidate(
    of request: PlanRequest, from store: any Store, _ each: (Token) throws -> Void
) throws -> Int {
    // A range holds a token once. Those of all ranges but the last are remembered, and what overlaps end in is few.
    let queries =
        request.occasion.horizon(of: request.policies, at: request.at).map { [.expiredAtOrBefore($0)] }
        ?? candidateQueries(for: request.policies, at: request.at).sorted { $0.isNarrow && !$1.isNarrow }
    var seen: Set<Imprint> = []
    var count = 0
    for (index, query) in queries.enumerated() {
        let isLast = index == queries.count - 1
        try store.eachCandidate(query) { token in
            let isNew =
                if queries.count == 1 {
                    true
                } else if isLast {
                    !seen.contains(Imprint(token.id.text))
                } else {
                    seen.insert(Imprint(token.id.text)).inserted
                }
            if isNew {
                count += 1
                try each(token)
            }
            return true
        }
    }
    return count
}

/// Calls `each` for every token whose quarantine may have come to its end, or to where its policy gives notice of that;
/// returns how many there were.
private func eachEndingQuarantine(
    of request: PlanRequest, from store: any Store, _ each: (Token, Quarantine) throws -> Void
) throws -> Int {
    let spans = request.policies.policies.flatMap { policy in
        let ahead = NoticeTerms(policy)?.longestLead ?? .zero
        return policy.rules.compactMap(\.revokeAfter).map { $0 - ahead }
    }
    guard let shortest = spans.min() else { return 0 }
    var count = 0
    try store.eachQuarantined(since: request.at - shortest) { token, quarantine in
        count += 1
        try each(token, quarantine)
        return true
    }
    return count
}

extension CandidateQuery {
    /// Whether only tokens that are being rotated are in it.
    fileprivate var isNarrow: Bool {
        if case .overlapEndedAtOrBefore = self { true } else { false }
    }
}
