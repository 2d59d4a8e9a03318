/// Decides what is to be done about one token.
///
/// Pure: the same token, policies and instant, the same decision.
package struct Planner: Sendable {
    package let policies: PolicySet
    /// Which of the policies act.
    private let enforces: [Bool]
    private let selectsAll: [Bool]
    private let isConditional: [Bool]
    /// The terms of each policy's rules.
    private let terms: [[RuleTerms]]
    /// What they look at.
    private let subjects: [[FactSubject]]
    /// By policy: nil for one that gives no notice.
    let noticeTerms: [NoticeTerms?]
    private let asksForIdleness: Bool
    let vaults: Set<String>
    private let tracking: TrackingHistory
    package let waivers: ActiveWaivers
    /// Which of the policies a waiver is about.
    private let isWaivable: [Bool]

    /// - parameters:
    ///   - vaults: the names of the vaults that the configuration has.
    ///   - tracking: when uses were watched.
    ///   - waivers: those that may be in force; each counts until its end.
    package init(
        policies: PolicySet, vaults: Set<String>, tracking: TrackingHistory, waivers: ActiveWaivers = ActiveWaivers()
    ) {
        self.policies = policies
        self.waivers = waivers
        isWaivable = policies.policies.map { waivers.concern($0.name) }
        enforces = policies.policies.map { $0.mode == .enforce }
        selectsAll = policies.policies.map { $0.selector == .all }
        isConditional = policies.policies.map { $0.condition != nil }
        terms = policies.policies.map { $0.rules.map(\.terms) }
        subjects = policies.policies.map { $0.rules.map { FactSubject($0.requirement) } }
        noticeTerms = policies.policies.map(NoticeTerms.init)
        asksForIdleness =
            isConditional.contains(true)
            || terms.joined().contains { if case .idleness = $0.limit { true } else { false } }
        self.vaults = vaults
        self.tracking = tracking
    }

    /// What one rule of one policy says; both by their index.
    package struct Ruling: Hashable, Sendable {
        package var policy: Int
        package var rule: Int
        package var verdict: Verdict
        /// The place of the waiver that it is waived by, among those of the planner; nil for any other verdict.
        package var waiver: Int?
        /// Whether the facts that it goes by were all seen here; nil where too little is known to say anything, and
        /// where it is a hypothesis that anybody watched.
        package var basis: Provenance?

        package init(policy: Int, rule: Int, verdict: Verdict) {
            self.policy = policy
            self.rule = rule
            self.verdict = verdict
            waiver = nil
        }

        /// Whether the condition of the policy errs.
        package var isUnanswered: Bool {
            if case .conditionFailed = verdict.reason { true } else { false }
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
        /// What people are to be told of now, before it is done.
        package var notices: [DueNotice] = []
        /// Of the notices that were sent before, those that still hold.
        package var standing: [StandingNotice] = []
    }

    /// - parameters:
    ///   - notices: those that were sent of the token; asked only where a policy that gives notice has something ahead.
    ///   - destinations: asked only for a token that is to be rotated.
    package func decide(
        _ token: Token, at now: Instant, notices: () throws -> [StandingNotice],
        destinations: () throws -> [Destination]
    ) rethrows -> Decision {
        var rulings: [Ruling] = []
        judge(token, at: now, into: &rulings)
        return try decide(token, by: rulings, at: now, notices: notices, destinations: destinations)
    }

    /// The same by what is said of it already, which may be what some of the policies say.
    func decide(
        _ token: Token, by rulings: [Ruling], at now: Instant, notices: () throws -> [StandingNotice],
        destinations: () throws -> [Destination]
    ) rethrows -> Decision {
        var decision = Decision(rulings: rulings)
        var sent: [StandingNotice] = []
        if hasNoticeAhead(decision.rulings, at: now) {
            sent = try notices()
            try addNotices(of: token, to: &decision, after: sent, at: now, destinations: destinations)
        }
        let chosen = try self.action(
            for: token, decision.rulings, after: sent, at: now, destinations: destinations)
        if let (action, policy) = chosen {
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
            let first = rulings.count
            if !isConditional[policy] || meetsCondition(of: policy, token, at: now, idle: idle, else: &rulings) {
                for rule in terms[policy].indices {
                    let verdict: Verdict
                    if let timed = evaluate(
                        terms[policy][rule], of: token, at: now, idle: idle, tracking: tracking)
                    {
                        verdict = timed
                    } else {
                        verdict = evaluateFacts(of: token, policies.policies[policy].rules[rule])
                    }
                    var ruling = Ruling(policy: policy, rule: rule, verdict: verdict)
                    if verdict.status != .unknown {
                        ruling.basis = token.basis(of: subjects[policy][rule], idle: idle, at: now, tracking)
                    }
                    rulings.append(ruling)
                }
            }
            if isWaivable[policy] { waive(&rulings, from: first, of: token, at: now) }
        }
    }

    /// Whatever a rule says: a token that happens to comply while it is waived has not been held to the rule.
    private func waive(_ rulings: inout [Ruling], from first: Int, of token: Token, at now: Instant) {
        for place in rulings.indices.dropFirst(first) {
            let (policy, rule) = (rulings[place].policy, rulings[place].rule)
            let waiver = waivers.place(
                covering: token, rule: policies.policies[policy].rules[rule].name, of: policies.policies[policy].name,
                at: now)
            guard let waiver else { continue }
            rulings[place].verdict = rulings[place].verdict.waived()
            rulings[place].waiver = waiver
        }
    }

    /// Where its condition errs, no rule of a policy can tell.
    private func meetsCondition(
        of policy: Int, _ token: Token, at now: Instant, idle: IdleClock?, else rulings: inout [Ruling]
    ) -> Bool {
        switch policies.policies[policy].condition?.answer(for: token, at: now, idle: idle) {
        case .holds, nil: return true
        case .fails: return false
        case .errs(let error):
            for rule in terms[policy].indices {
                let verdict = Verdict(.unknown, .conditionFailed(error))
                rulings.append(Ruling(policy: policy, rule: rule, verdict: verdict))
            }
            return false
        }
    }

    /// Whether a policy in `enforce` calls for an action.
    package func callsForAction(_ rulings: [Ruling]) -> Bool {
        rulings.indices.contains { rulings[$0].verdict.calls && enforces[rulings[$0].policy] }
    }

    /// The one action that follows from all that is said of a token, with the policy whose it is; nil for none.
    ///
    /// One that has to wait for its notice keeps nothing from being done that has not: a policy that is new, and gives
    /// notice, does not delay the others. Where all wait, the strictest is shown waiting.
    ///
    /// - parameters:
    ///   - sent: the notices that were sent of the token.
    ///   - destinations: asked only for a token that is to be rotated.
    package func action(
        for token: Token, _ rulings: [Ruling], after sent: [StandingNotice], at now: Instant,
        destinations: () throws -> [Destination]
    ) rethrows -> (PlannedAction, policy: Int)? {
        // Most tokens call for nothing, and for them nothing is made.
        guard callsForAction(rulings) else { return nil }
        let called = rulings.filter(isCall)
        let ready = called.filter { hold($0, of: token, after: sent, at: now) == nil }
        let calls = ready.isEmpty ? called : ready
        guard let chosen = calls.min(by: precedes) else { return nil }
        let action = rule(of: chosen).action
        let release = hold(chosen, of: token, after: sent, at: now)
        let blocked = try token.obstacle(to: action, vaults: vaults, destinations: destinations)
        let planned = PlannedAction(
            tokenID: token.id, name: token.name, owner: token.owner, revision: token.revision, action: action,
            policy: policies.policies[chosen.policy].name, rule: rule(of: chosen).name,
            verdict: chosen.verdict,
            overlap: action == .rotate ? rule(of: chosen).overlap : .zero, cap: rule(of: chosen).cap,
            blocked: blocked, waiting: release != nil && blocked == nil, mayBegin: blocked == nil ? release : nil,
            covers: calls.filter { $0 != chosen }.map {
                RuleReference(policy: policies.policies[$0.policy].name, rule: rule(of: $0).name)
            })
        return (planned, chosen.policy)
    }

    /// The revocation that a quarantine has come to, with the notices of it; no action while it goes on.
    ///
    /// - parameters:
    ///   - notices: those that were sent of the token; asked only where the policy gives notice.
    ///   - refused: who has presented the token since; asked only when it has come to its end.
    package func decide(
        _ token: Token, in quarantine: Quarantine, at now: Instant, notices: () throws -> [StandingNotice],
        refused: () throws -> RefusedUses?
    ) rethrows -> Decision {
        var decision = Decision(rulings: [])
        guard let revocation = quarantine.revocation(of: token, by: policies.policies, waivers: waivers) else {
            return decision
        }
        decision.policy = policies.policies.firstIndex { $0.name == revocation.rule.policy }
        let coming = ComingAction(revocation, of: quarantine, at: now)
        var release: Instant?
        if let terms = terms(of: revocation.rule.policy), revocation.at - terms.longestLead <= now {
            let sent = try notices()
            if let due = terms.due(for: coming, after: sent, at: now) { decision.notices = [due] }
            decision.standing = sent.filter { terms.keeps($0, for: coming, at: now) }
            release = terms.hold(coming, after: sent, at: now)
        }
        guard revocation.at <= now else { return decision }
        decision.action = PlannedAction(
            tokenID: token.id, name: token.name, owner: token.owner, revision: token.revision, action: .revoke,
            policy: revocation.rule.policy, rule: revocation.rule.rule, verdict: coming.verdict,
            waiting: release != nil, mayBegin: release, refused: try refused())
        return decision
    }

    func isCall(_ ruling: Ruling) -> Bool { ruling.verdict.calls && enforces[ruling.policy] }

    /// The strictest first; of equals the earlier deadline, then the order of the policies.
    private func precedes(_ left: Ruling, _ right: Ruling) -> Bool {
        let (leftAction, rightAction) = (rule(of: left).action, rule(of: right).action)
        guard leftAction == rightAction else { return leftAction > rightAction }
        guard left.verdict.deadline == right.verdict.deadline else {
            return left.verdict.deadline.precedes(right.verdict.deadline)
        }
        return (left.policy, left.rule) < (right.policy, right.rule)
    }

    func rule(of ruling: Ruling) -> Rule {
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
