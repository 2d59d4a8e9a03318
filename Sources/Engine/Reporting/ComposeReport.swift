import RotaCore

/// Judges every token of the store, in one pass and flat memory, and writes the report in one format.
///
/// One row for every policy x rule x token that the policy selects and that authenticates, in the order of
/// the format. What the policies would do is asked of the same planner that runs ask.
package func composeReport(
    _ request: ReportRequest, from store: any StoreReads, as format: inout some ReportFormat
) throws {
    let until = request.asOf ?? request.now
    let at = request.hypotheticalAt ?? until
    // A tracker says once a minute that it watched: what it did not say yet does not make the report another one.
    let tracking =
        request.hypotheticalAt == nil
        ? try store.tracking().reaching(to: until, ifWrittenWithin: ReportFacts.longestUnwritten) : .unbroken
    let facts = ReportFacts(
        store: try store.identity(), policies: request.policies, at: at,
        hypothetical: request.hypotheticalAt != nil, madeAt: request.now, asOf: request.asOf,
        since: until - request.period, tracking: tracking,
        waivers: ActiveWaivers(try store.waiversInForce(at: at)),
        generator: request.generator, actor: request.actor)
    try format.begin(facts)
    let summary = try judgeAll(facts, vaults: request.vaults, from: store, as: &format)
    var activity = PeriodActivity(from: facts.since, to: facts.until)
    try store.eachRunAction(from: facts.since, to: facts.until) { action in
        activity.add(action)
        return true
    }
    try store.eachPromotion(from: facts.since, to: facts.until) { promotion in
        activity.add(promotion: promotion)
        return true
    }
    try format.end(
        Report(
            facts: facts, summary: summary, activity: activity,
            rotations: try OpenRotations(from: store), missing: try MissingTokens(from: store),
            waivers: try ListedWaivers(summary.waived, facts, from: store),
            lastRun: try store.lastRun(),
            deliveries: try store.deliveryCounts(),
            freezes: try store.freezes(from: facts.since, to: facts.until)))
}

private func judgeAll<Format: ReportFormat>(
    _ facts: ReportFacts, vaults: Set<String>, from store: any StoreReads, as format: inout Format
) throws -> ComplianceSummary {
    let tracking = facts.tracking
    let planner = Planner(
        policies: facts.policies, vaults: vaults, tracking: tracking, waivers: facts.waivers)
    var builder = ReportBuilder(
        policies: facts.policies.policies, at: facts.at, since: facts.since, waivers: facts.waivers)
    // A conflict shows when a run looks into the vault, and not in the store alone.
    let conflicts = Set(try store.blocks().filter { $0.reason == .conflict }.map(\.tokenID))
    let failing = Set(try store.failedAttempts().map(\.tokenID))
    let givesNotice = facts.policies.policies.contains { NoticeTerms($0) != nil }
    var rulings: [Planner.Ruling] = []
    // Without an order a description may be left out.
    let order = facts.policies.asksForDescription ? TokenOrder.byName : Format.order
    try store.eachToken(states: [], in: order) { token in
        rulings.removeAll(keepingCapacity: true)
        let idle = token.idleClock(at: facts.at, tracking: tracking)
        planner.judge(token, at: facts.at, idle: idle, into: &rulings)
        // Asked first: the closure below would cost a copy of the token, and nearly all call for nothing.
        var blocked: BlockedReason?
        if planner.callsForAction(rulings) {
            let sent = givesNotice ? try store.notices(of: token.id) : []
            let action = try planner.action(for: token, rulings, after: sent, at: facts.at) {
                try store.destinations(of: token.id)
            }
            let met: BlockedReason? =
                conflicts.contains(token.id) ? .conflict : failing.contains(token.id) ? .vaultFailing : nil
            blocked = action.flatMap { $0.0.blocked ?? ($0.0.action == .rotate ? met : nil) }
        }
        builder.add(token, rulings, idle: idle, blocked: blocked)
        if !rulings.isEmpty { try format.add(token, rulings) }
        return true
    }
    return builder.summary()
}
