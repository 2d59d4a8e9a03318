/// What every policy says of one token, and when: the answer to "why is this token (not) rotated?".
package struct Timeline: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var at: Instant
    /// Why no policy is evaluated, as a phrase; nil for a token that can authenticate.
    package var notEvaluated: String?
    /// Nil unless it is quarantined.
    package var quarantine: QuarantineOutlook?
    /// In the order of the policies, selected or not.
    package var policies: [PolicyTimeline]

    /// - parameters:
    ///   - destinations: those of the token.
    ///   - vaults: the names of the vaults that the configuration has.
    ///   - tracking: when uses were watched.
    ///   - sent: the notices that were sent of the token.
    ///   - waivers: those that may be in force.
    package init(
        of token: Token, at destinations: [Destination], vaults: Set<String>, policies: [Policy], at now: Instant,
        tracking: TrackingHistory, quarantine: QuarantineOutlook? = nil, notices sent: [StandingNotice] = [],
        waivers: ActiveWaivers = ActiveWaivers()
    ) {
        tokenID = token.id
        name = token.name
        at = now
        self.quarantine = quarantine
        notEvaluated = token.standing(at: now)
        let evaluated = notEvaluated == nil
        self.policies = policies.map { policy in
            PolicyTimeline(of: token, policy: policy, evaluated: evaluated, at: now, tracking: tracking) { rule in
                RuleTimeline(
                    of: token, rule: rule, policy: policy, sent: sent,
                    waiver: waivers.waiver(covering: token, rule: rule.name, of: policy.name, at: now),
                    blocked: token.obstacle(to: rule.action, vaults: vaults) { destinations }, at: now,
                    tracking: tracking)
            }
        }
    }
}

/// What one policy says of it.
package struct PolicyTimeline: Hashable, Sendable {
    package var policy: String
    package var mode: Mode
    /// The file that the policy stands in; empty when made in code.
    package var file: String
    /// Nil when the policy selects the token.
    package var mismatch: Mismatch?
    /// Why its condition errs, with the place in it: then no rule can tell, and nothing is done. Nil when it does not.
    package var complaint: String?
    /// Empty unless the policy selects the token and it can authenticate.
    package var rules: [RuleTimeline]

    fileprivate init(
        of token: Token, policy: Policy, evaluated: Bool, at now: Instant, tracking: TrackingHistory,
        rule: (Rule) -> RuleTimeline
    ) {
        self.policy = policy.name
        mode = policy.mode
        file = policy.file
        mismatch = policy.mismatch(with: token, at: now, tracking: tracking)
        complaint = mismatch == nil ? policy.complaint(about: token, at: now, tracking: tracking) : nil
        rules = mismatch == nil && evaluated ? policy.rules.map(rule) : []
    }
}

/// What one rule says of it, and the dates that follow, earliest first: notices, start, deadline.
package struct RuleTimeline: Hashable, Sendable {
    /// A warning of a coming action: this long before it begins.
    package struct Notice: Hashable, Sendable {
        package var before: TimeSpan
        package var at: Instant
        /// It has not been sent, though its time has come: the next run sends it.
        package var isDue = false
    }

    package var rule: String
    package var action: Action
    package var verdict: Verdict
    /// The waiver that it is waived by.
    package var waiver: Waiver?
    /// Why the action could not be taken; nil when it can.
    package var blocked: BlockedReason?
    /// Those that are to be sent from now on; empty when that is not known, or the action is blocked or waived.
    package var notices: [Notice]
    /// Whether the policy sends them: one that observes does not.
    package var sendsNotices: Bool
    /// The one that was sent of this action, and holds.
    package var standing: StandingNotice?
    /// From when on the action may be taken that is called for, or will be, and waits for its notice then; nil where it
    /// does not.
    package var mayBegin: Instant?
    /// When the previous value ends: by the rotation under way, else as planned; nil unless it rotates.
    package var overlapEnd: Instant?
    /// When a quarantine by this rule would end in a revocation; nil when it would not.
    package var revocation: Instant?
    /// The end that the token would get by this rule, where that comes or is called for; nil for any other action.
    package var newEnd: Instant?
    /// Whether its action waits for an approval when it is called for.
    package var needsApproval: Bool

    /// When the action begins; nil when nothing moves toward it, or it is blocked.
    /// What is waived begins with the end of its waiver at the earliest.
    package var start: Instant?
    package var deadline: Instant? { verdict.deadline }

    fileprivate init(
        of token: Token, rule: Rule, policy: Policy, sent: [StandingNotice], waiver: Waiver?, blocked: BlockedReason?,
        at now: Instant, tracking: TrackingHistory
    ) {
        self.rule = rule.name
        action = rule.action
        let plain = policy.verdict(of: rule, on: token, at: now, tracking: tracking)
        let verdict = waiver == nil ? plain : plain.waived()
        self.verdict = verdict
        self.waiver = waiver
        self.blocked = blocked
        // What is blocked comes at no date: only its deadline stands, and the end of what is under way.
        let start = blocked == nil ? verdict.start.map { max($0, waiver?.endsAt ?? $0) } : nil
        self.start = start
        let coming = ComingAction(rule, of: policy.name, token: token, verdict: verdict)
        let terms = NoticeTerms(policy)
        let isTaken = policy.mode == .enforce && blocked == nil && waiver == nil
        standing = sent.first { $0.announces(coming) }
        sendsNotices = terms != nil
        mayBegin =
            !isTaken
            ? nil
            : verdict.calls
                ? terms?.hold(coming, after: sent, at: now) : terms?.delay(of: coming, after: sent, at: now)
        let begins = mayBegin ?? start
        // While it is waived nobody is told of it; what comes then begins with a first notice.
        let ahead =
            waiver != nil
            ? [] : begins.map { begins in policy.leadTimes.map { Notice(before: $0, at: begins - $0) } } ?? []
        // Of several whose time has passed the nearest stands for all, and none is sent twice.
        let due = blocked == nil && waiver == nil ? terms?.due(for: coming, after: sent, at: now) : nil
        notices =
            (due.map { [Notice(before: $0.lead, at: now, isDue: true)] } ?? [])
            + ahead.filter { $0.at > now && $0.before != due?.lead }
        overlapEnd =
            rule.action == .rotate
            ? token.values.overlapEndsAt ?? begins.map { max($0, now) + rule.overlap } : nil
        revocation =
            rule.action == .quarantine
            ? begins.flatMap { begins in rule.revokeAfter.map { max(begins, now) + $0 } } : nil
        // What is broken at once or not at all has no date at which it begins.
        let isCalledFor = verdict.calls && blocked == nil
        newEnd = (begins ?? (isCalledFor ? now : nil)).flatMap { rule.newEnd?.end(of: token.id, at: max($0, now)) }
        needsApproval = policy.needsApproval && policy.mode == .enforce && rule.action != .notify
    }
}

extension Token {
    /// Why no policy is evaluated for it, as a phrase; nil when it can authenticate.
    fileprivate func standing(at now: Instant) -> String? {
        switch state {
        case .active: expiresAt.flatMap { now < $0 ? nil : "it ended at \($0)" }
        case .quarantined: "it is quarantined, and evaluated again when it is restored"
        case .revoked, .expired: "it is \(state.rawValue)" + (end.map { " since \($0.at)" } ?? "")
        }
    }
}
