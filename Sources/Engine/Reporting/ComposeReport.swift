import RotaCore

/// Judges every token of the store, in one pass and flat memory, and writes the report in one format.
///
/// One row for every policy x rule x token that the policy selects and that authenticates, in the order of
/// the format. What the policies would do is asked of the same planner that runs ask.
///
/// - parameter earlier: the report that this one is held against; nil: none.
package func composeReport(
    _ request: ReportRequest, against earlier: EarlierReport? = nil, from store: any StoreReads,
    as format: inout some ReportFormat
) throws {
    let until = request.asOf ?? request.now
    let at = request.hypotheticalAt ?? until
    // A tracker says once a minute that it watched: what it did not say yet does not make the report another one.
    let tracking =
        request.hypotheticalAt == nil
        ? try store.tracking().reaching(to: until, ifWrittenWithin: ReportFacts.longestUnwritten) : .unbroken
    var facts = ReportFacts(
        store: try store.identity(), policies: request.policies, at: at,
        hypothetical: request.hypotheticalAt != nil, madeAt: request.now, asOf: request.asOf,
        since: until - request.period, tracking: tracking,
        waivers: ActiveWaivers(try store.waiversInForce(at: at)),
        generator: request.generator, actor: request.actor)
    facts.gone = try store.pruned().filter { $0.value > facts.since }
    // Without a key, what the log is called is what pseudonyms are made with.
    if !request.hasOpenPseudonyms { facts.checkpoint = try request.checkpoint ?? store.newestCheckpoint()?.note }
    var scope = ReportScope(request, facts.store)
    var told = scope.told(facts)
    told.origins = try Origins(facts, scope, from: store)
    told.missing = try MissingTokens(from: store, scope)
    var compared = try earlier.map { try ComparedVerdicts($0, with: told) }
    let planner = Planner(
        policies: facts.policies, vaults: request.vaults, tracking: facts.tracking, waivers: facts.waivers)
    try format.begin(told)
    let summary = try judgeAll(facts, planner, scope, from: store, comparing: &compared, as: &format)
    try format.end(
        Report(
            facts: told, summary: summary, activity: try activity(facts, &scope, from: store),
            rotations: try OpenRotations(from: store, &scope),
            waivers: try ListedWaivers(facts.waivers.list, summary.waived, facts, &scope, from: store),
            lastRun: try store.lastRun().map(scope.told),
            deliveries: scope.owner == nil ? try store.deliveryCounts() : nil,
            freezes: try store.freezes(from: facts.since, to: facts.until).map(scope.told),
            history: try history(facts, &scope, from: store), runs: try latestRuns(facts, scope, from: store),
            register: try SecurityInventory(planner, facts, scope, from: store),
            witnesses: try store.witnesses().filter { $0.taken != nil }.map(scope.told),
            sentNotices: try NoticeDeliveries(facts, &scope, from: store),
            comparison: try compared?.finish()))
}

private func activity(
    _ facts: ReportFacts, _ scope: inout ReportScope, from store: any StoreReads
) throws -> PeriodActivity {
    var activity = PeriodActivity(
        from: min(facts.known(.actions), facts.until), to: facts.until,
        announcing: Set(facts.policies.policies.filter { NoticeTerms($0) != nil }.map(\.name)))
    try store.eachRunAction(from: facts.since, to: facts.until) { action in
        if try scope.includes(action.tokenID, of: store) { activity.add(scope.told(action)) }
        return true
    }
    try store.eachPromotion(from: activity.from, to: facts.until) { promotion in
        if try scope.includes(promotion.tokenID, of: store) { activity.add(promotion: scope.told(promotion)) }
        return true
    }
    return activity
}

private func history(
    _ facts: ReportFacts, _ scope: inout ReportScope, from store: any StoreReads
) throws -> ViolationHistory {
    var history = ViolationHistory(
        from: min(facts.known(.findings), facts.until), to: facts.until, firstRun: try store.firstRunStart())
    try store.eachFinding(openedBy: facts.until, notClosedBefore: history.from) { span in
        if try scope.includes(span.tokenID, of: store) { history.add(span) }
        return true
    }
    return history
}

/// A run is about all tokens, so that a slice tells of none.
private func latestRuns(_ facts: ReportFacts, _ scope: ReportScope, from store: any StoreReads) throws -> [ToldRun] {
    guard scope.owner == nil else { return [] }
    return try store.runs(before: nil, limit: ToldRun.most).map(\.record)
        .filter { $0.startedAt >= facts.since && $0.startedAt <= facts.until }
        .map { ToldRun(run: scope.told($0), outcomes: try store.outcomes(of: $0.id)) }
}

private func judgeAll<Format: ReportFormat>(
    _ facts: ReportFacts, _ planner: Planner, _ scope: ReportScope, from store: any StoreReads,
    comparing compared: inout ComparedVerdicts?, as format: inout Format
) throws -> ComplianceSummary {
    var builder = ReportBuilder(
        policies: facts.policies.policies, at: facts.at, since: facts.since, waivers: facts.waivers)
    let obstacles = try Obstacles(facts, planner, from: store)
    var rulings: [Planner.Ruling] = []
    // Without an order a description may be left out.
    let order = facts.policies.asksForDescription ? TokenOrder.byName : Format.order
    try store.eachToken(states: [], in: order) { token in
        guard scope.includes(token) else { return true }
        rulings.removeAll(keepingCapacity: true)
        let idle = token.idleClock(at: facts.at, tracking: facts.tracking)
        planner.judge(token, at: facts.at, idle: idle, into: &rulings)
        let blocked = try obstacles.blocked(token, rulings)
        let told = scope.told(token)
        builder.add(told, rulings, idle: idle, blocked: blocked)
        compared?.add(told, rulings, of: facts.policies.policies)
        if token.canAuthenticate(at: facts.at) { try format.add(told, rulings, blocked: blocked) }
        return true
    }
    return builder.summary()
}

/// Finds out why an action that is called for cannot be taken.
private struct Obstacles {
    private let planner: Planner
    private let now: Instant
    private let store: any StoreReads
    // A conflict shows when a run looks into the vault, and not in the store alone.
    private let conflicts: Set<TokenID>
    private let failing: Set<TokenID>
    private let givesNotice: Bool

    init(_ facts: ReportFacts, _ planner: Planner, from store: any StoreReads) throws {
        self.planner = planner
        now = facts.at
        self.store = store
        conflicts = Set(try store.blocks().filter { $0.reason == .conflict }.map(\.tokenID))
        failing = Set(try store.failedAttempts().map(\.tokenID))
        givesNotice = facts.policies.policies.contains { NoticeTerms($0) != nil }
    }

    func blocked(_ token: Token, _ rulings: [Planner.Ruling]) throws -> BlockedCall? {
        // Asked first: the closure below would cost a copy of the token, and nearly all call for nothing.
        guard planner.callsForAction(rulings) else { return nil }
        let sent = givesNotice ? try store.notices(of: token.id) : []
        let called = try planner.action(for: token, rulings, after: sent, at: now) {
            try store.destinations(of: token.id)
        }
        guard let action = called?.0 else { return nil }
        let met: BlockedReason? =
            conflicts.contains(token.id) ? .conflict : failing.contains(token.id) ? .vaultFailing : nil
        guard let reason = action.blocked ?? (action.action == .rotate ? met : nil) else { return nil }
        return BlockedCall(reason: reason, rule: RuleReference(policy: action.policy, rule: action.rule))
    }
}
