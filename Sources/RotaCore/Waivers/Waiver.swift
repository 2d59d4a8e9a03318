/// A dated, reasoned exception from a policy, or from one rule of it, that somebody asked for and somebody else
/// approved.
package struct Waiver: Hashable, Sendable {
    /// What it is for.
    package enum Subject: Hashable, Sendable {
        case token(TokenID)
        /// Whatever matches while it is in force, tokens that come later included.
        case matching(Selector)
    }

    /// How far it has come; only forward.
    package enum State: String, Sendable, CaseIterable {
        /// Asked for: nothing is waived yet.
        case requested
        /// Approved, and not at its end as far as somebody has looked; `isInForce` says whether it counts.
        case active
        case expired, withdrawn
    }

    /// Somebody else's yes.
    package struct Approval: Hashable, Sendable {
        package var approver: Principal
        package var at: Instant
        /// May be empty.
        package var comment: String

        package init(approver: Principal, at: Instant, comment: String = "") {
            self.approver = approver
            self.at = at
            self.comment = comment
        }
    }

    /// How it came to its end.
    package struct Ending: Hashable, Sendable {
        package var at: Instant
        package var by: String
        package var cause: String

        package init(at: Instant, by: String, cause: String) {
            self.at = at
            self.by = by
            self.cause = cause
        }
    }

    package var id: String
    package var subject: Subject
    package var policy: String
    /// The word that the rule is written with; nil: all rules of the policy.
    package var rule: String?
    package var reason: String
    package var requester: Principal
    package var requestedAt: Instant
    /// It counts until then, and exactly then no more.
    package var endsAt: Instant
    package var state: State
    package var approval: Approval?
    /// How long before its end people were told of that last; nil: not yet.
    package var toldLead: TimeSpan?
    /// Nil until it has expired or was withdrawn.
    package var ending: Ending?

    package init(
        id: String, subject: Subject, policy: String, rule: String? = nil, reason: String, requester: Principal,
        requestedAt: Instant, endsAt: Instant, state: State = .requested, approval: Approval? = nil,
        toldLead: TimeSpan? = nil, ending: Ending? = nil
    ) {
        self.id = id
        self.subject = subject
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.requester = requester
        self.requestedAt = requestedAt
        self.endsAt = endsAt
        self.state = state
        self.approval = approval
        self.toldLead = toldLead
        self.ending = ending
    }

    /// The longest that one lasts where the configuration does not say.
    package static let usualLongest = TimeSpan.days(366)

    /// Whether it counts at an instant. Time decides, not whether somebody has marked it as expired.
    package func isInForce(at now: Instant) -> Bool { state == .active && now < endsAt }

    package func concerns(rule: String, of policy: String) -> Bool {
        self.policy == policy && (self.rule ?? rule) == rule
    }

    package func covers(_ token: Token) -> Bool {
        switch subject {
        case .token(let id): token.id == id
        case .matching(let selector): selector.matches(token)
        }
    }

    /// For people: until when, by which one, and why.
    package var sentence: String { "waived until \(endsAt) by \(id): \(reason)" }
}

// MARK: - Its end

extension Waiver {
    /// How long before its end people are told.
    package static let leadTimes: [TimeSpan] = [.days(14), .days(1)]

    /// Which notice of its end is to be sent now: the nearest one that has come, once; nil for none.
    ///
    /// One that is not shorter than the waiver itself would be no news.
    package func noticeDue(at now: Instant) -> TimeSpan? {
        guard isInForce(at: now), let approval else { return nil }
        let come = Self.leadTimes.last { endsAt - $0 > approval.at && endsAt - $0 <= now }
        guard let come, toldLead.map({ come < $0 }) ?? true else { return nil }
        return come
    }

    /// Whether it is at its end, approved or not, and is to be marked so.
    package func isOver(at now: Instant) -> Bool {
        (state == .active || state == .requested) && endsAt <= now
    }
}

// MARK: - Who may what

/// Why something that was asked of a waiver is not done.
package struct WaiverRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Kind: Sendable {
        /// There is no such policy, rule or waiver.
        case unknown
        /// An end that no waiver has.
        case term
        /// It is not to be had: as it is, or by whom it is asked.
        case forbidden
    }

    package var kind: Kind
    package var message: String
    /// What to do.
    package var hint: String

    package init(_ message: String, hint: String, _ kind: Kind = .forbidden) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

extension Waiver {
    /// Why it may not last so long; nil where it may.
    ///
    /// - parameter longest: how far its end may be from now.
    package func obstacle(toLasting longest: TimeSpan, from now: Instant) -> WaiverRefusal? {
        guard endsAt > now else {
            return WaiverRefusal(
                "its end, \(endsAt), is not in the future", hint: "give a time to come: --for 30d", .term)
        }
        guard endsAt - now <= longest else {
            return WaiverRefusal(
                "a waiver lasts \(longest.spoken) at most, and this one would end at \(endsAt)",
                hint: "end it sooner, such as --for \(longest), and ask again when it ends; 'waivers: { longest: … }' "
                    + "in the configuration sets the most", .term)
        }
        return nil
    }

    /// Why this person cannot approve it now; nil where he can.
    package func obstacle(
        toApprovalBy approver: Principal, longest: TimeSpan, at now: Instant
    ) -> WaiverRefusal? {
        if let refusal = closure(at: now) { return refusal }
        if let approval {
            return WaiverRefusal(
                "the waiver \(id) is approved already, by \(approval.approver.name)",
                hint: "look at it: rota waiver show \(id)")
        }
        if let obstacle = requester.obstacle(toApprovalOf: "the waiver \(id)", by: approver) {
            return WaiverRefusal(obstacle.message, hint: obstacle.hint)
        }
        return obstacle(toLasting: longest, from: now)
    }

    /// Why it cannot be withdrawn; nil where it can.
    package func obstacle(toWithdrawalAt now: Instant) -> WaiverRefusal? { closure(at: now) }

    /// Why it is not to be touched any more; nil while it is open.
    private func closure(at now: Instant) -> WaiverRefusal? {
        let again = "ask for another one: rota waiver request"
        switch state {
        case .withdrawn: return WaiverRefusal("the waiver \(id) was withdrawn by \(ending?.by ?? "")", hint: again)
        case .expired: return WaiverRefusal("the waiver \(id) ended at \(endsAt)", hint: again)
        case .requested, .active:
            return endsAt <= now ? WaiverRefusal("the waiver \(id) ended at \(endsAt)", hint: again) : nil
        }
    }
}

extension Waiver {
    /// Its state for who looks at an instant: one at its end is `expired`, whether somebody has marked it or not.
    package func state(at now: Instant) -> State { isOver(at: now) ? .expired : state }

    /// What it is for, in words: a token by its name, or what tokens have to match.
    ///
    /// - parameter name: of the token, where it is about one.
    package func subject(named name: String?) -> String {
        switch subject {
        case .token(let id): name.map { "\($0) (\(id.text))" } ?? id.text
        case .matching(let selector): selector.sentence
        }
    }
}
