/// What is known of tokens beside what they are; asked only where it matters.
package protocol TokenBackground {
    func destinations(of id: TokenID) throws -> [Destination]
    /// The notices that were sent of it.
    func notices(of id: TokenID) throws -> [StandingNotice]
    /// The rules of which people have been told that it breaks them.
    func toldRules(of id: TokenID) throws -> Set<RuleReference>
}

/// A token as it will be at an instant, unless somebody acts.
struct SimulatedToken: Sendable {
    private(set) var token: Token
    private(set) var quarantine: Quarantine?
    /// When it is looked at.
    var at: Instant
    /// When the older value of its rotation is retired; nil: there is none.
    private(set) var retirement: Instant?
    /// Nil: nobody has asked yet.
    private var sent: [StandingNotice]?
    private var told: Set<RuleReference>?
    private var destinations: [Destination]?
    /// It is counted among those whose action is blocked.
    var isCountedBlocked = false

    /// What is under way is taken to come to its end: a rotation at once, an overlap in its time.
    init(_ token: Token, in quarantine: Quarantine?, at now: Instant, frozen: FrozenTimes) {
        self.token = token
        self.quarantine = quarantine
        at = now
        if token.values.rotationOpen {
            self.token.values.currentIssuedAt = now
            retirement = frozen.thaw(now)
        } else if token.values.awaitingRetirement {
            retirement = frozen.thaw(max(now, token.values.overlapEndsAt ?? now))
        }
        retireIfDue()
    }

    /// Whether anything can be done to it.
    var isThere: Bool {
        guard token.expiresAt.map({ at < $0 }) ?? true else { return false }
        return token.state == .active || token.state == .quarantined
    }

    mutating func retireIfDue() {
        guard let retirement, retirement <= at else { return }
        token.values.rotationOpen = false
        token.values.awaitingRetirement = false
        token.values.overlapEndsAt = nil
        token.values.oldestIssuedAt = token.values.currentIssuedAt
        self.retirement = nil
    }

    /// Changes it as an action does.
    mutating func undergo(_ action: PlannedAction, by rule: Rule, frozen: FrozenTimes) {
        switch action.action {
        case .notify: break
        case .setExpiry: token.expiresAt = rule.newEnd?.end(of: token.id, at: at) ?? token.expiresAt
        case .rotate:
            if let renewal = rule.renewal, let end = token.expiresAt { token.expiresAt = max(end, at + renewal) }
            token.values.currentIssuedAt = at
            token.values.awaitingRetirement = true
            token.values.overlapEndsAt = at + rule.overlap
            retirement = frozen.thaw(at + rule.overlap)
        case .quarantine:
            token.state = .quarantined
            quarantine = Quarantine(
                since: at, by: "policy:\(action.policy)", cause: "",
                rule: RuleReference(policy: action.policy, rule: action.rule))
        case .revoke: token.state = .revoked
        }
    }

    // MARK: - What is asked for once

    mutating func destinations(_ background: some TokenBackground) throws -> [Destination] {
        let found = try destinations ?? background.destinations(of: token.id)
        destinations = found
        return found
    }

    mutating func sent(_ background: some TokenBackground) throws -> [StandingNotice] {
        let found = try sent ?? background.notices(of: token.id)
        sent = found
        return found
    }

    /// As far as they are known.
    var knownNotices: [StandingNotice] { sent ?? [] }

    mutating func send(_ notices: [DueNotice]) {
        for notice in notices.map(\.standing) {
            sent?.removeAll { $0.rule == notice.rule && $0.action == notice.action }
            sent?.append(notice)
        }
    }

    mutating func withdraw(noticesOf policy: String) { sent?.removeAll { $0.rule.policy == policy } }

    func isTold(of rule: RuleReference) -> Bool { told?.contains(rule) ?? false }

    /// Answers whether it is news.
    mutating func tell(of rule: RuleReference, _ background: some TokenBackground) throws -> Bool {
        var known = try told ?? background.toldRules(of: token.id)
        let isNews = known.insert(rule).inserted
        told = known
        return isNews
    }

    /// Forgets what was told of rules that it does not break any more.
    mutating func forgetTold(except broken: (RuleReference) -> Bool) {
        guard let known = told, !known.isEmpty else { return }
        told = known.filter(broken)
    }
}
