/// Why a token is kept from authenticating for now, since when, and by whom.
package struct Quarantine: Hashable, Sendable {
    package var since: Instant
    package var by: String
    package var cause: String
    /// The rule that called for it; nil: a person did, or whoever issued it switched it off.
    package var rule: RuleReference?
    /// How many uses had been refused on that day before.
    package var refusedBefore: Int

    package init(since: Instant, by: String, cause: String, rule: RuleReference? = nil, refusedBefore: Int = 0) {
        self.since = since
        self.by = by
        self.cause = cause
        self.rule = rule
        self.refusedBefore = refusedBefore
    }

    /// The revocation that it comes to unless the token is restored; nil when it comes to none.
    ///
    /// The policies as they are loaded now decide: one that is gone, does not act, or does not select the token any
    /// more ends nothing. Its condition is asked as of then; nothing sees how long a quarantined token is idle. While
    /// the rule is waived it does not come: a waiver that outlasts it moves it to its own end.
    package func revocation(
        of token: Token, by policies: [Policy], waivers: ActiveWaivers = ActiveWaivers()
    ) -> ComingRevocation? {
        guard let reference = rule, token.state == .quarantined, token.issuer == .rota,
            let policy = policies.first(where: { $0.name == reference.policy }), policy.mode == .enforce,
            policy.selector.matches(token),
            let rule = policy.rules.first(where: { $0.name == reference.rule }), rule.action == .quarantine,
            let span = rule.revokeAfter
        else { return nil }
        let called = since + span
        guard policy.condition?.answer(for: token, at: called, idle: nil) ?? .holds == .holds else { return nil }
        let waiver = waivers.waiver(covering: token, rule: reference.rule, of: reference.policy, at: called)
        return ComingRevocation(rule: reference, at: waiver?.endsAt ?? called, after: span)
    }
}

/// When a quarantined token is revoked, by which rule.
package struct ComingRevocation: Hashable, Sendable {
    package var rule: RuleReference
    package var at: Instant
    /// How long after the quarantine that is.
    package var after: TimeSpan
}

/// Who still presents a token's values though they are refused.
package struct RefusedUses: Hashable, Sendable {
    package var count: Int
    package var last: Instant
    /// Addresses, as far as those who asked told them.
    package var sources: [String]
    package var agents: [String]

    package init(count: Int, last: Instant, sources: [String] = [], agents: [String] = []) {
        self.count = count
        self.last = last
        self.sources = sources
        self.agents = agents
    }

    /// For people: `refused 3 times since, last at …, from 10.0.0.7 (curl/8.5)`.
    package var sentence: String {
        let times = count == 1 ? "once" : "\(count) times"
        let from = sources.isEmpty ? "" : ", from " + sources.joined(separator: ", ")
        let by = agents.isEmpty ? "" : " (\(agents.joined(separator: ", ")))"
        return "refused \(times) since, last at \(last)\(from)\(by)"
    }
}

/// What becomes of a quarantined token by itself, and who misses it.
package struct QuarantineOutlook: Hashable, Sendable {
    package var quarantine: Quarantine
    /// Nil: it stays quarantined until somebody acts.
    package var revocation: ComingRevocation?
    /// Nil when nobody has presented it since.
    package var refused: RefusedUses?

    package init(_ quarantine: Quarantine, revocation: ComingRevocation?, refused: RefusedUses?) {
        self.quarantine = quarantine
        self.revocation = revocation
        self.refused = refused
    }
}
