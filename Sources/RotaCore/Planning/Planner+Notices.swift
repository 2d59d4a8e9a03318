// Who is told of what is coming, and what waits for that.
extension Planner {
    /// Whether a policy that gives notice has something ahead within its lead times.
    func hasNoticeAhead(_ rulings: [Ruling], at now: Instant) -> Bool {
        rulings.contains { ruling in
            guard let terms = noticeTerms[ruling.policy] else { return false }
            let verdict = ruling.verdict
            switch verdict.status {
            case .due, .violating: return true
            case .compliant: return verdict.start.map { $0 - terms.longestLead <= now } ?? false
            case .waived, .unknown: return false
            }
        }
    }

    /// Each rule that calls for something, or will, is told of by itself. What is blocked comes at no date.
    func addNotices(
        of token: Token, to decision: inout Decision, after sent: [StandingNotice], at now: Instant,
        destinations: () throws -> [Destination]
    ) rethrows {
        for ruling in decision.rulings {
            guard let terms = noticeTerms[ruling.policy] else { continue }
            let coming = coming(ruling, of: token)
            decision.standing += sent.filter { terms.keeps($0, for: coming, at: now) }
            guard let due = terms.due(for: coming, after: sent, at: now) else { continue }
            let obstacle = try token.obstacle(to: coming.action, vaults: vaults, destinations: destinations)
            if obstacle == nil { decision.notices.append(due) }
        }
    }

    /// Until when what a rule calls for waits for its notice; nil where it need not.
    func hold(_ ruling: Ruling, of token: Token, after sent: [StandingNotice], at now: Instant) -> Instant? {
        noticeTerms[ruling.policy]?.hold(coming(ruling, of: token), after: sent, at: now)
    }

    /// Of the policy with this name.
    func terms(of policy: String) -> NoticeTerms? {
        policies.policies.firstIndex { $0.name == policy }.flatMap { noticeTerms[$0] }
    }

    func coming(_ ruling: Ruling, of token: Token) -> ComingAction {
        ComingAction(
            rule(of: ruling), of: policies.policies[ruling.policy].name, token: token, verdict: ruling.verdict)
    }
}
