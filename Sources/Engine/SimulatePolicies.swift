package import RotaCore

/// Follows every token of a store through the days to come; see ``PolicySimulation``.
///
/// Streams over all that are active or quarantined, and changes nothing.
///
/// - parameter progress: called now and then with how many tokens were followed.
package func simulatePolicies(
    _ simulation: inout PolicySimulation, in store: some StoreReads, progress: (Int) throws -> Void = { _ in }
) throws {
    var running = simulation
    defer { simulation = running }
    let background = StoredBackground(store: store)
    var count = 0
    // Without an order, what a token is for is left out.
    try store.eachToken(states: [.active], in: running.asksForDescription ? .byName : .unsorted) { token in
        count += 1
        if count.isMultiple(of: 1_000) { try progress(count) }
        try running.add(token, background)
        return true
    }
    try store.eachQuarantined(since: running.forecast.until) { token, quarantine in
        try running.add(token, in: quarantine, background)
        return true
    }
    try running.finish(background)
}

/// What a store knows of tokens.
private struct StoredBackground<Reads: StoreReads>: TokenBackground {
    let store: Reads

    func destinations(of id: TokenID) throws -> [Destination] { try store.destinations(of: id) }
    func notices(of id: TokenID) throws -> [StandingNotice] { try store.notices(of: id) }
    func toldRules(of id: TokenID) throws -> Set<RuleReference> {
        Set(try store.findings(of: id).map { RuleReference(policy: $0.policy, rule: $0.rule) })
    }
}
