import RotaCore

/// Every limit that the actions of a plan are over, in one sentence; nil when there is none.
///
/// Tokens are counted, in one pass, only for a share that a policy or a group with several actions may be over.
///
/// What waits for an approval counts as if it had it.
///
/// - parameters:
///   - deferred: by policy, how many actions wait for their turn within a spread: limits are for all that is due, and
///     that the pace lets through.
///   - begun: see `begunBefore`.
func refusal(
    of actions: PlannedActions, deferred: [String: Int], begun: [String: [TokenID]], request: PlanRequest,
    tracking: TrackingHistory, from store: any StoreReads
) throws -> String? {
    let checks = try limitChecks(on: actions, deferred: deferred, begun: begun, request: request, from: store)
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
    guard !refusals.isEmpty else { return nil }
    let sentence = sentences(refusals).joined(separator: "; ")
    return begun.isEmpty ? sentence : "\(sentence); what was begun before since the last run counts with it"
}

/// By policy, the tokens that runs before this one have begun to rotate and that count for its pace and its limits,
/// since they are bounded together.
func begunBefore(_ request: PlanRequest, from store: any StoreReads) throws -> [String: [TokenID]] {
    var begun: [String: [TokenID]] = [:]
    for policy in request.policies.policies {
        guard let since = request.occasion.beginning(of: policy.name, at: request.at) else { continue }
        let rotations = try store.rotations(ofRunsBy: RunUseCase.endWatcher.name, policy: policy.name, since: since)
        if !rotations.isEmpty { begun[policy.name] = rotations.map(\.tokenID) }
    }
    return begun
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
    on actions: PlannedActions, deferred: [String: Int], begun: [String: [TokenID]], request: PlanRequest,
    from store: any StoreReads
) throws -> [LimitCheck] {
    var effects = actions.effects
    // Of what waits for its turn, as much as the pace lets through.
    var later = deferred
    for policy in request.policies.policies {
        guard let pace = policy.pace, let count = later[policy.name] else { continue }
        later[policy.name] = min(count, max(0, pace - (effects[policy.name] ?? 0)))
    }
    let turns = later.filter { $0.value > 0 }
    effects.merge(turns, uniquingKeysWith: +)
    guard !effects.isEmpty else { return [] }
    let all = effects.values.reduce(0, +) + begun.values.reduce(0) { $0 + $1.count }
    for policy in effects.keys { effects[policy, default: 0] += begun[policy]?.count ?? 0 }
    var ahead = actions.awaiting.mapValues { CountedAhead(approval: $0) }
    for (policy, count) in turns { ahead[policy, default: CountedAhead()].turn = count }
    let aheadInAll = CountedAhead(
        approval: ahead.values.reduce(0) { $0 + $1.approval }, turn: ahead.values.reduce(0) { $0 + $1.turn })
    var limits = request.policies.policies.map { (policy: String?.some($0.name), limits: $0.limits) }
    limits.append((nil, request.limits))
    var groups = LimitGroups(
        byOwner: limits.contains { !$0.limits.perOwner.isOpen }, byVault: limits.contains { !$0.limits.perVault.isOpen }
    )
    if groups.isAsked {
        for action in actions {
            if !action.takesEffect, !action.awaitsApproval {
                guard let left = later[action.policy], left > 0, request.occasion.defers(action, at: request.at) else {
                    continue
                }
                later[action.policy] = left - 1
            }
            try groups.count(action, in: store)
        }
        try groups.add(begun, from: store)
    }
    return limits.flatMap { policy, limits -> [LimitCheck] in
        let every = LimitCheck(
            LimitScope(policy: policy), ceiling: limits.all, actions: policy.map { effects[$0] ?? 0 } ?? all,
            ahead: policy.map { ahead[$0] ?? CountedAhead() } ?? aheadInAll)
        let grouped = (groups.counts[policy] ?? [:]).map { group, count -> LimitCheck in
            var ceiling = limits.perOwner
            if case .vault = group { ceiling = limits.perVault }
            return LimitCheck(
                LimitScope(policy: policy, group), ceiling: ceiling, actions: count,
                ahead: groups.ahead[policy]?[group] ?? CountedAhead())
        }
        return [every] + grouped.filter { $0.scope.kind == .owner } + grouped.filter { $0.scope.kind == .vault }
    }
}

/// How many actions there are of each owner's tokens and in each vault, by policy and for all.
private struct LimitGroups {
    let byOwner: Bool
    let byVault: Bool
    private(set) var counts: [String?: [LimitScope.Group: Int]] = [:]
    /// How many of these are not taken yet.
    private(set) var ahead: [String?: [LimitScope.Group: CountedAhead]] = [:]

    init(byOwner: Bool, byVault: Bool) {
        self.byOwner = byOwner
        self.byVault = byVault
    }

    var isAsked: Bool { byOwner || byVault }

    mutating func count(_ action: PlannedAction, in store: any StoreReads) throws {
        for group in try groups(of: action.tokenID, action.owner, in: store) {
            for scope in [action.policy, nil] {
                counts[scope, default: [:]][group, default: 0] += 1
                guard !action.takesEffect else { continue }
                var waits = ahead[scope]?[group] ?? CountedAhead()
                if action.awaitsApproval { waits.approval += 1 } else { waits.turn += 1 }
                ahead[scope, default: [:]][group] = waits
            }
        }
    }

    /// What was begun before. Where nothing comes to it, nothing is to be refused.
    mutating func add(_ begun: [String: [TokenID]], from store: any StoreReads) throws {
        for (policy, ids) in begun {
            for id in ids {
                for group in try groups(of: id, try store.token(id)?.owner ?? "", in: store) {
                    for scope in [policy, nil] where counts[scope]?[group] != nil {
                        counts[scope]?[group, default: 0] += 1
                    }
                }
            }
        }
    }

    private func groups(of id: TokenID, _ owner: String, in store: any StoreReads) throws -> [LimitScope.Group] {
        let owners: [LimitScope.Group] = byOwner ? [.owner(owner)] : []
        return byVault ? owners + (try vaults(of: id, in: store)).map { .vault($0) } : owners
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

    /// One pass over the tokens that an action may be of: those that are quarantined come to a revocation, too. None at
    /// all where nothing is to be counted.
    func counted(
        at now: Instant, tracking: TrackingHistory, from store: any StoreReads
    ) throws -> [LimitScope: Int] {
        guard !subjects.isEmpty else { return [:] }
        var every = [Int](repeating: 0, count: subjects.count)
        var grouped: [LimitScope: Int] = [:]
        try store.eachToken(states: [.active, .quarantined], in: order) { token in
            guard token.state == .quarantined || token.canAuthenticate(at: now) else { return true }
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
