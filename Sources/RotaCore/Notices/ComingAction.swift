/// An action as one rule calls for it, now or later, unless something changes.
package struct ComingAction: Hashable, Sendable {
    package var rule: RuleReference
    package var action: Action
    /// What the rule says of the token; its start is when the action is called for.
    package var verdict: Verdict
    /// What its start is counted from: the issue of the oldest value, the last use or restoration, the token's end,
    /// the quarantine. Nil where nothing moves toward it. While nobody watches uses, a start moves away, and its origin
    /// stays.
    package var origin: Instant?

    package init(rule: RuleReference, action: Action, verdict: Verdict, origin: Instant?) {
        self.rule = rule
        self.action = action
        self.verdict = verdict
        self.origin = origin
    }

    /// As a rule calls for it by its verdict over a token.
    package init(_ rule: Rule, of policy: String, token: Token, verdict: Verdict) {
        self.init(
            rule: RuleReference(policy: policy, rule: rule.name), action: rule.action, verdict: verdict,
            origin: rule.requirement.origin(of: token))
    }

    /// The revocation that a quarantine comes to.
    package init(_ revocation: ComingRevocation, of quarantine: Quarantine, at now: Instant) {
        self.init(
            rule: revocation.rule, action: .revoke,
            verdict: Verdict(
                revocation.at <= now ? .violating : .compliant,
                .quarantineOver(time: now - quarantine.since, limit: revocation.after),
                deadline: revocation.at, start: revocation.at),
            origin: quarantine.since)
    }

    /// Whether it is called for, or will be at an instant that is known.
    package var isAhead: Bool {
        verdict.calls || verdict.status == .compliant && verdict.start != nil
    }
}

extension Requirement {
    /// What its deadline is counted from.
    fileprivate func origin(of token: Token) -> Instant? {
        switch self {
        case .maxAge: token.values.oldestIssuedAt
        case .unusedFor: token.idleSince
        case .expiresWithin: token.expiresAt
        case .expiry, .owner, .description, .destination, .scopes, .name, .sources: nil
        }
    }
}
