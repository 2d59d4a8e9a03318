package import RotaCore

/// Calls `each` for every token that two sets of policies judge or treat differently; returns how many were judged.
///
/// Streams over all tokens that are active or quarantined, in flat memory, and changes nothing.
///
/// - parameter progress: called now and then with how many tokens were judged.
package func comparePolicies(
    _ comparison: PolicyComparison, at now: Instant, in store: any Store, progress: (Int) throws -> Void = { _ in },
    _ each: (PolicyDifference) throws -> Void
) throws -> Int {
    var count = 0
    // Without an order, what a token is for is left out.
    let asks = comparison.before.policies.asksForDescription || comparison.after.policies.asksForDescription
    try store.eachToken(states: [.active], in: asks ? .byName : .unsorted) { token in
        count += 1
        if count.isMultiple(of: 1_000) { try progress(count) }
        if let difference = try comparison.difference(
            of: token, at: now, destinations: { try store.destinations(of: token.id) })
        {
            try each(difference)
        }
        return true
    }
    try store.eachQuarantined(since: now) { token, quarantine in
        count += 1
        if let difference = comparison.difference(of: token, in: quarantine, at: now) { try each(difference) }
        return true
    }
    return count
}
