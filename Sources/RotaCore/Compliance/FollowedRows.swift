/// The rows that the numbers of a report can be followed to: the foremost of each kind, so that its size does not
/// depend on how many there are.
package struct FollowedRows: Sendable {
    /// Of each rule of each policy, what breaks it: longest overdue first.
    package var violations: [[[BrokenRule]]] = []
    /// Nearest deadline first.
    package var due: [ListedVerdict] = []
    /// Oldest token first.
    package var unknown: [ListedVerdict] = []
    /// Live tokens that no policy selects, the oldest first.
    package var uncovered: [ListedToken] = []
    /// Tokens whose action is called for and cannot be taken, longest overdue first.
    package var blocked: [ListedVerdict] = []
}

/// What one rule says of one token.
package struct ListedVerdict: Hashable, Sendable {
    package var token: ListedToken
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var deadline: Instant?
    package var blocked: BlockedReason?

    init(_ token: Token, _ ruling: Planner.Ruling, of policies: [Policy], _ blocked: BlockedCall?) {
        let policy = policies[ruling.policy]
        self.token = ListedToken(token)
        self.policy = policy.name
        rule = policy.rules[ruling.rule].name
        reason = ruling.verdict.reason.code
        message = ruling.verdict.reason.message
        deadline = ruling.verdict.deadline
        self.blocked = ruling.blocked(blocked, of: policies)
    }
}

/// Why the action of one token cannot be taken, and which rule of a policy that acts calls for it.
package struct BlockedCall: Hashable, Sendable {
    package var reason: BlockedReason
    package var rule: RuleReference

    package init(reason: BlockedReason, rule: RuleReference) {
        self.reason = reason
        self.rule = rule
    }
}

/// A token by its name and owner.
package struct ListedToken: Hashable, Sendable {
    package var id: TokenID
    package var name: String
    package var owner: String
    package var issuer: Issuer
    package var createdAt: Instant

    package init(_ token: Token) {
        id = token.id
        name = token.name
        owner = token.owner
        issuer = token.issuer
        createdAt = token.createdAt
    }
}

/// Gathers them.
struct RowTally: Sendable {
    /// How many violations are kept of all rules together, and of one at the most and at the least.
    private static let mostViolations = 2000
    private static let ofRule = 20...500
    private static let mostOthers = 100

    private let policies: [Policy]
    private let now: Instant
    private var violations: [[Foremost<BrokenRule>]]
    private var due = Foremost<ListedVerdict>(mostOthers)
    private var unknown = Foremost<ListedVerdict>(mostOthers)
    private var uncovered = Foremost<ListedToken>(mostOthers)
    private var blocked = Foremost<ListedVerdict>(mostOthers)

    init(_ policies: [Policy], at now: Instant) {
        self.policies = policies
        self.now = now
        let rules = policies.reduce(0) { $0 + $1.rules.count }
        let fair = Self.mostViolations / max(1, rules)
        let each = min(Self.ofRule.upperBound, max(Self.ofRule.lowerBound, fair))
        violations = policies.map { $0.rules.map { _ in Foremost<BrokenRule>(each) } }
    }

    var rows: FollowedRows {
        FollowedRows(
            violations: violations.map { $0.map { $0.sorted() } }, due: due.sorted(), unknown: unknown.sorted(),
            uncovered: uncovered.sorted(), blocked: blocked.sorted())
    }

    /// Adds a live token that is not compliant throughout.
    mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked call: BlockedCall?) {
        if rulings.isEmpty { uncovered.offer(-token.createdAt.seconds) { ListedToken(token) } }
        for ruling in rulings {
            switch ruling.verdict.status {
            case .violating:
                violations[ruling.policy][ruling.rule].offer(ruling.verdict.overdue(at: now).seconds) {
                    BrokenRule(
                        token, ruling, of: policies, at: now,
                        ofToken: rulings.count { $0.verdict.status == .violating }, blocked: call)
                }
            case .due:
                due.offer(-(ruling.verdict.deadline ?? now).seconds) {
                    ListedVerdict(token, ruling, of: policies, call)
                }
            case .unknown: unknown.offer(-token.createdAt.seconds) { ListedVerdict(token, ruling, of: policies, nil) }
            case .compliant, .waived: break
            }
        }
        // Of what calls for it, and of no other policy that says the same and does nothing.
        guard let call, let ruling = rulings.first(where: { call.rule == $0.reference(in: policies) }) else { return }
        blocked.offer(ruling.verdict.overdue(at: now).seconds) { ListedVerdict(token, ruling, of: policies, call) }
    }
}

extension Planner.Ruling {
    fileprivate func reference(in policies: [Policy]) -> RuleReference {
        RuleReference(policy: policies[policy].name, rule: policies[policy].rules[rule].name)
    }

    /// What is in the way of it: of what a policy that does not act says, nothing.
    func blocked(_ call: BlockedCall?, of policies: [Policy]) -> BlockedReason? {
        verdict.calls && policies[policy].mode == .enforce ? call?.reason : nil
    }
}
