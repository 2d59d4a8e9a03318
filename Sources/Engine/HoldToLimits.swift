import RotaCore

/// Every limit that the actions of a plan are over, in one sentence; nil when there is none.
///
/// Tokens are counted, in one pass, only for a share that a policy or a group with several actions may be over.
///
/// Limits are for all that is due: what waits for an approval counts as if it had it.
///
/// - parameter deferred: by policy, how many actions wait for their turn within a spread; they count, too.
func refusal(
    of actions: PlannedActions, deferred: [String: Int], request: PlanRequest, tracking: TrackingHistory,
    from store: any StoreReads
) throws -> String? {
    let checks = try limitChecks(on: actions, deferred: deferred, request: request, from: store)
    var counted = checks.filter(\.needsTotal)
    // The tokens of all are counted without a look at each.
    let isWhole = counted.contains { $0.scope == LimitScope() }
    counted.removeAll { $0.scope == LimitScope() }
    var totals = try Totals(for: counted, request.policies)
        .counted(at: request.at, tracking: tracking, from: store)
    if isWhole { totals[LimitScope()] = try store.countActive() }
    var refusals: [(scope: LimitScope, actions: Int, sentence: String)] = []
    for check in checks {
        guard let sentence = check.refusal(total: totals[check.scope] ?? 0) else { continue }
        refusals.append((check.scope, check.actions, sentence))
    }
    return refusals.isEmpty ? nil : sentences(refusals).joined(separator: "; ")
}

/// How many owners or vaults that are over one limit are named: a sentence is no list.
private let mostNamed = 3

/// In the order of the policies, the whole plan last; of owners and of vaults those with the most actions.
private func sentences(_ refusals: [(scope: LimitScope, actions: Int, sentence: String)]) -> [String] {
    var sentences: [String] = []
    var rest = refusals[...]
    while let first = rest.first {
        let alike = rest.prefix { $0.scope.policy == first.scope.policy && $0.scope.kind == first.scope.kind }
        rest = rest.dropFirst(alike.count)
        let worst = alike.sorted { ($1.actions, $0.sentence) < ($0.actions, $1.sentence) }
        sentences += worst.prefix(mostNamed).map(\.sentence)
        let more = worst.count - mostNamed
        if more > 0 { sentences.append("and \(more) more \(first.scope.kind.rawValue)\(more == 1 ? "" : "s")") }
    }
    return sentences
}

extension LimitScope {
    fileprivate enum Kind: String { case token, owner, vault }

    fileprivate var kind: Kind {
        switch group {
        case .every: .token
        case .owner: .owner
        case .vault: .vault
        }
    }
}

/// Every limit that there is, with the actions that count towards it; none where nothing takes effect.
private func limitChecks(
    on actions: PlannedActions, deferred: [String: Int], request: PlanRequest, from store: any StoreReads
) throws -> [LimitCheck] {
    var effects = actions.effects
    for policy in request.policies.policies {
        guard let later = deferred[policy.name] else { continue }
        effects[policy.name] = min((effects[policy.name] ?? 0) + later, policy.pace ?? .max)
    }
    guard !effects.isEmpty else { return [] }
    var limits = request.policies.policies.map { (policy: String?.some($0.name), limits: $0.limits) }
    limits.append((nil, request.limits))
    let byOwner = limits.contains { !$0.limits.perOwner.isOpen }
    let byVault = limits.contains { !$0.limits.perVault.isOpen }
    var groups: [String?: [LimitScope.Group: Int]] = [:]
    if byOwner || byVault {
        for action in actions where action.counts(for: request) {
            var found: [LimitScope.Group] = byOwner ? [.owner(action.owner)] : []
            if byVault { found += try vaults(of: action.tokenID, in: store).map { .vault($0) } }
            for group in found {
                groups[action.policy, default: [:]][group, default: 0] += 1
                groups[nil, default: [:]][group, default: 0] += 1
            }
        }
    }
    return limits.flatMap { policy, limits -> [LimitCheck] in
        let count = policy.map { effects[$0] ?? 0 } ?? effects.values.reduce(0, +)
        let every = LimitCheck(LimitScope(policy: policy), ceiling: limits.all, actions: count)
        let grouped = (groups[policy] ?? [:]).map { group, count -> LimitCheck in
            var ceiling = limits.perOwner
            if case .vault = group { ceiling = limits.perVault }
            return LimitCheck(LimitScope(policy: policy, group), ceiling: ceiling, actions: count)
        }
        return [every] + grouped.filter { $0.scope.kind == .owner } + grouped.filter { $0.scope.kind == .vault }
    }
}

extension PlannedAction {
    fileprivate func counts(for request: PlanRequest) -> Bool {
        takesEffect || awaitsApproval || request.occasion.defers(self, at: request.at)
    }
}

/// Each once, however many destinations a token has in it.
private func vaults(of id: TokenID, in store: any StoreReads) throws -> Set<String> {
    Set(try store.destinations(of: id).map(\.vault))
}

/// How many tokens the shares are of.
private struct Totals {
    /// Nil: the whole plan, which is about every token.
    private let subjects: [Policy?]
    private let order: TokenOrder
    /// By policy.
    private var owners: [String?: Set<String>] = [:]
    private var vaults: [String?: Set<String>] = [:]

    init(for checks: [LimitCheck], _ policies: PolicySet) {
        for check in checks {
            switch check.scope.group {
            case .every: break
            case .owner(let owner): owners[check.scope.policy, default: []].insert(owner)
            case .vault(let vault): vaults[check.scope.policy, default: []].insert(vault)
            }
        }
        let asked = Set(checks.map(\.scope.policy))
        var subjects = policies.policies.filter { asked.contains($0.name) }.map(Policy?.some)
        if asked.contains(nil) { subjects.append(nil) }
        self.subjects = subjects
        // Without an order, what a token is for is left out.
        order = policies.asksForDescription ? .byName : .unsorted
    }

    /// One pass over the active tokens; none at all where nothing is to be counted.
    func counted(
        at now: Instant, tracking: TrackingHistory, from store: any StoreReads
    ) throws -> [LimitScope: Int] {
        guard !subjects.isEmpty else { return [:] }
        var every = [Int](repeating: 0, count: subjects.count)
        var grouped: [LimitScope: Int] = [:]
        try store.eachToken(states: [.active], in: order) { token in
            guard token.canAuthenticate(at: now) else { return true }
            var places: Set<String>?
            for index in subjects.indices {
                guard subjects[index]?.selects(token, at: now, tracking: tracking) ?? true else { continue }
                let policy = subjects[index]?.name
                every[index] += 1
                if owners[policy]?.contains(token.owner) == true {
                    grouped[LimitScope(policy: policy, .owner(token.owner)), default: 0] += 1
                }
                guard let asked = vaults[policy], token.destinationCount > 0 else { continue }
                let found = try places ?? Engine.vaults(of: token.id, in: store)
                places = found
                for vault in found.intersection(asked) {
                    grouped[LimitScope(policy: policy, .vault(vault)), default: 0] += 1
                }
            }
            return true
        }
        for index in subjects.indices { grouped[LimitScope(policy: subjects[index]?.name)] = every[index] }
        return grouped
    }
}
