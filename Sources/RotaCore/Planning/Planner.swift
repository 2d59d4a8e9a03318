/// Decides what is to be done about one token.
///
/// Pure: the same token, policies and instant, the same decision.
package struct Planner: Sendable {
    package let policies: PolicySet
    /// Which of the policies act.
    private let enforces: [Bool]
    private let selectsAll: [Bool]
    /// The terms of each policy's rules.
    private let terms: [[RuleTerms]]
    private let asksForIdleness: Bool
    private let vaults: Set<String>
    private let tracking: TrackingHistory

    /// - parameters:
    ///   - vaults: the names of the vaults that the configuration has.
    ///   - tracking: when uses were watched.
    package init(policies: PolicySet, vaults: Set<String>, tracking: TrackingHistory) {
        self.policies = policies
        enforces = policies.policies.map { $0.mode == .enforce }
        selectsAll = policies.policies.map { $0.selector == .all }
        terms = policies.policies.map { $0.rules.map(\.terms) }
        asksForIdleness = terms.joined().contains { if case .idleness = $0.limit { true } else { false } }
        self.vaults = vaults
        self.tracking = tracking
    }

    /// What one rule of one policy says; both by their index.
    package struct Ruling: Hashable, Sendable {
        package var policy: Int
        package var rule: Int
        package var verdict: Verdict

        @inlinable
        package init(policy: Int, rule: Int, verdict: Verdict) {
            self.policy = policy
            self.rule = rule
            self.verdict = verdict
        }
    }

    /// Everything said of one token, and the one action that follows.
    package struct Decision: Sendable {
        /// Every verdict of every policy that selects the token, in their order.
        package var rulings: [Ruling]
        /// The strictest action that policies in `enforce` call for; nil when none does.
        package var action: PlannedAction?
        /// Which policy's action it is, by its index; nil without one.
        package var policy: Int?
    }

    /// - parameter destinations: asked only for a token that is to be rotated.
    package func decide(
        _ token: Token, at now: Instant, destinations: () throws -> [Destination]
    ) rethrows -> Decision {
        var decision = Decision(rulings: [])
        judge(token, at: now, into: &decision.rulings)
        if let (action, policy) = try self.action(for: token, decision.rulings, destinations: destinations) {
            decision.action = action
            decision.policy = policy
        }
        return decision
    }

    /// Appends what every rule of every policy says that selects the token, in their order.
    ///
    /// Nothing for a token that cannot authenticate.
    package func judge(_ token: Token, at now: Instant, into rulings: inout [Ruling]) {
        let idle = asksForIdleness ? token.idleClock(at: now, tracking: tracking) : nil
        judge(token, at: now, idle: idle, into: &rulings)
    }

    /// The same with the idle clock of the token, for those who ask for it themselves.
    package func judge(_ token: Token, at now: Instant, idle: IdleClock?, into rulings: inout [Ruling]) {
        guard token.canAuthenticate(at: now) else { return }
        // By index: a copy of a policy would count the references of all its parts.
        for policy in terms.indices where selectsAll[policy] || policies.policies[policy].selector.matches(token) {
            for rule in terms[policy].indices {
                let terms = terms[policy][rule]
                let verdict =
                    terms.limit == .facts
                    ? evaluateFacts(of: token, policies.policies[policy].rules[rule])
                    : evaluate(terms, of: token, at: now, idle: idle, tracking: tracking)
                rulings.append(Ruling(policy: policy, rule: rule, verdict: verdict))
            }
        }
    }

    /// Whether a policy in `enforce` calls for an action.
    package func callsForAction(_ rulings: [Ruling]) -> Bool {
        rulings.indices.contains { rulings[$0].verdict.calls && enforces[rulings[$0].policy] }
    }

    /// The one action that follows from all that is said of a token, with the policy whose it is; nil for none.
    ///
    /// - parameter destinations: asked only for a token that is to be rotated.
    package func action(
        for token: Token, _ rulings: [Ruling], destinations: () throws -> [Destination]
    ) rethrows -> (PlannedAction, policy: Int)? {
        // Most tokens call for nothing, and for them nothing is made.
        guard callsForAction(rulings) else { return nil }
        let calls = rulings.filter(isCall)
        guard let chosen = calls.min(by: precedes) else { return nil }
        let action = rule(of: chosen).action
        let planned = PlannedAction(
            tokenID: token.id, name: token.name, owner: token.owner, revision: token.revision, action: action,
            policy: policies.policies[chosen.policy].name, rule: rule(of: chosen).name,
            verdict: chosen.verdict,
            overlap: action == .rotate ? rule(of: chosen).overlap : .zero, cap: rule(of: chosen).cap,
            blocked: try token.obstacle(to: action, vaults: vaults, destinations: destinations),
            covers: calls.filter { $0 != chosen }.map {
                RuleReference(policy: policies.policies[$0.policy].name, rule: rule(of: $0).name)
            })
        return (planned, chosen.policy)
    }

    /// The revocation that a quarantine has come to; nil while it goes on.
    ///
    /// - parameter refused: who has presented the token since; asked only when it has come to its end.
    package func action(
        for token: Token, in quarantine: Quarantine, at now: Instant, refused: () throws -> RefusedUses?
    ) rethrows -> PlannedAction? {
        guard let revocation = quarantine.revocation(of: token, by: policies.policies), revocation.at <= now else {
            return nil
        }
        return PlannedAction(
            tokenID: token.id, name: token.name, owner: token.owner, revision: token.revision, action: .revoke,
            policy: revocation.rule.policy, rule: revocation.rule.rule,
            verdict: Verdict(
                .violating, .quarantineOver(time: now - quarantine.since, limit: revocation.after),
                deadline: revocation.at, start: revocation.at),
            refused: try refused())
    }

    private func isCall(_ ruling: Ruling) -> Bool { ruling.verdict.calls && enforces[ruling.policy] }

    /// The strictest first; of equals the earlier deadline, then the order of the policies.
    private func precedes(_ left: Ruling, _ right: Ruling) -> Bool {
        let (leftAction, rightAction) = (rule(of: left).action, rule(of: right).action)
        guard leftAction == rightAction else { return leftAction > rightAction }
        guard left.verdict.deadline == right.verdict.deadline else {
            return left.verdict.deadline.precedes(right.verdict.deadline)
        }
        return (left.policy, left.rule) < (right.policy, right.rule)
    }

    private func rule(of ruling: Ruling) -> Rule {
        policies.policies[ruling.policy].rules[ruling.rule]
    }
}

extension Instant? {
    /// Earlier first, no deadline last.
    package func precedes(_ other: Instant?) -> Bool {
        switch (self, other) {
        case (let left?, let right?): left < right
        case (_?, nil): true
        case (nil, _): false
        }
    }
}
