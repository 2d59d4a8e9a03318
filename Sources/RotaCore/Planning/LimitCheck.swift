/// What a limit is about: the actions of one policy or of all, on every token or on those of one owner or vault.
package struct LimitScope: Hashable, Sendable {
    /// Which of the tokens.
    package enum Group: Hashable, Sendable {
        case every
        /// Empty: those without one.
        case owner(String)
        /// Those with a destination in it.
        case vault(String)
    }

    /// Its name; nil: the whole plan.
    package var policy: String?
    package var group: Group

    package init(policy: String? = nil, _ group: Group = .every) {
        self.policy = policy
        self.group = group
    }
}

/// How many actions that count towards a limit are not taken yet.
package struct CountedAhead: Hashable, Sendable {
    /// They count as if they had their approval.
    package var approval = 0
    /// Their turn within a spread is to come.
    package var turn = 0

    package init(approval: Int = 0, turn: Int = 0) {
        self.approval = approval
        self.turn = turn
    }

    /// For a sentence, in brackets and with a space before; empty where there are none.
    fileprivate var remark: String {
        let waits = [(approval, "an approval"), (turn, turn == 1 ? "its turn" : "their turn")].filter { $0.0 > 0 }
        guard let first = waits.first else { return "" }
        let rest = waits.dropFirst().map { ", \($0.0) for \($0.1)" }.joined()
        return " (\(first.0) of them wait\(first.0 == 1 ? "s" : "") for \(first.1)\(rest))"
    }
}

/// A number of actions held against a limit.
package struct LimitCheck: Sendable {
    package var scope: LimitScope
    package var ceiling: Ceiling
    /// How many actions would take effect.
    package var actions: Int
    /// How many of these are not taken yet.
    package var ahead: CountedAhead

    package init(_ scope: LimitScope, ceiling: Ceiling, actions: Int, ahead: CountedAhead = CountedAhead()) {
        self.scope = scope
        self.ceiling = ceiling
        self.actions = actions
        self.ahead = ahead
    }

    /// Whether the share decides, so that the tokens have to be counted: one action is always allowed.
    package var needsTotal: Bool {
        ceiling.percent != nil && actions > 1 && !isOverCount
    }

    private var isOverCount: Bool { ceiling.actions.map { actions > $0 } ?? false }

    /// The sentence that refuses a plan, with the numbers; nil within the limit.
    ///
    /// - parameter total: how many tokens it is about that can authenticate or are quarantined, and that the policy
    ///   selects where it is a policy's; only looked at when `needsTotal`.
    package func refusal(total: Int) -> String? {
        if isOverCount, let most = ceiling.actions {
            let limit = "its limit\(scope.group.unit) is \(most) action\(most == 1 ? "" : "s")"
            return "\(scope.subject) on \(actions) tokens\(scope.group.phrase)\(ahead.remark); \(limit)"
        }
        guard needsTotal, let percent = ceiling.percent else { return nil }
        let allowed = max(1, total * percent / 100)
        guard actions > allowed else { return nil }
        let phrase = scope.group.phrase
        let tokens = scope.policy == nil ? "active or quarantined tokens\(phrase)" : "tokens\(phrase) that it selects"
        let limit = "its limit\(scope.group.unit) is \(percent) percent, which is \(allowed)"
        return "\(scope.subject) on \(actions) of \(total) \(tokens)\(ahead.remark); \(limit)"
    }
}

extension LimitScope {
    fileprivate var subject: String { policy.map { "policy '\($0)' would act" } ?? "the plan would act" }
}

extension LimitScope.Group {
    /// After the word `tokens`.
    fileprivate var phrase: String {
        switch self {
        case .every: ""
        case .owner(""): " without an owner"
        case .owner(let owner): " of owner '\(owner)'"
        case .vault(let vault): " with a destination in vault '\(vault)'"
        }
    }

    /// After the words `its limit`.
    fileprivate var unit: String {
        switch self {
        case .every: ""
        case .owner: " per owner"
        case .vault: " per vault"
        }
    }
}
