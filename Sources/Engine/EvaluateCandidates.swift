package import RotaCore

/// The index ranges that hold every token of which `rule` gives a due or violating verdict.
///
/// At `now`, or within `lookahead` from then. Always a superset: the pure evaluation decides.
package func candidateQueries(
    for rule: Rule, at now: Instant, lookahead: TimeSpan = .zero
) -> [CandidateQuery] {
    switch rule.requirement {
    case .maxAge(let limit):
        let old = CandidateQuery.issuedAtOrBefore(now + lookahead + rule.lead - limit)
        guard rule.action == .rotate else { return [old] }
        return [old, .overlapEndedAtOrBefore(now + lookahead - rule.cap.patience(after: rule.overlap))]
    case .unusedFor(let limit):
        return [.idleSinceAtOrBefore(now + lookahead + rule.lead - limit)]
    case .expiry(let required, let maxLifetime, let maxRemaining):
        var queries: [CandidateQuery] = required ? [.withoutExpiry] : []
        if let maxLifetime { queries.append(.lifetimeMoreThan(maxLifetime)) }
        // What remains only shrinks, so the present is the widest range.
        if let maxRemaining { queries.append(.expiresAfter(now + maxRemaining)) }
        return queries
    case .expiresWithin(let limit): return [.expiredAtOrBefore(now + lookahead + rule.lead + limit)]
    case .owner(let allowed): return allowed.isEmpty ? [.without(.owner)] : [.ownerOutside([allowed])]
    case .description: return [.without(.description)]
    case .destination: return [.without(.destination)]
    case .scopes(let deny, let most): return [.scopesBeyond([ScopeBound(deny: deny, max: most)])]
    case .name(let allowed): return [.nameOutside([allowed])]
    case .sources(let addresses, let agents, _):
        return [
            addresses.map { .seenFromMoreThan($0, .address) }, agents.map { .seenFromMoreThan($0, .agent) },
        ].compactMap(\.self)
    }
}

/// The ranges for all rules of all policies: one of each kind at the most.
///
/// Of a policy that gives notice, as far ahead as its longest lead time. Each kind is open to one side, so the widest
/// range holds the others; what is outside of any of several lists is asked for in one query.
package func candidateQueries(
    for policies: PolicySet, at now: Instant, lookahead: TimeSpan = .zero
) -> [CandidateQuery] {
    var widest: [CandidateQuery] = []
    let rules = policies.policies.flatMap { policy in
        let ahead = max(lookahead, NoticeTerms(policy)?.longestLead ?? .zero)
        return policy.rules.map { (rule: $0, ahead: ahead) }
    }
    for (rule, ahead) in rules {
        for query in candidateQueries(for: rule, at: now, lookahead: ahead) {
            let merged = widest.firstIndex { $0.joined(with: query) != nil }
            if let merged {
                widest[merged] = widest[merged].joined(with: query) ?? query
            } else {
                widest.append(query)
            }
        }
    }
    return widest
}

extension CandidateQuery {
    /// The range that holds both; nil when they are over different things.
    fileprivate func joined(with other: CandidateQuery) -> CandidateQuery? {
        switch (self, other) {
        case (.issuedAtOrBefore(let left), .issuedAtOrBefore(let right)): .issuedAtOrBefore(max(left, right))
        case (.idleSinceAtOrBefore(let left), .idleSinceAtOrBefore(let right)):
            .idleSinceAtOrBefore(max(left, right))
        case (.overlapEndedAtOrBefore(let left), .overlapEndedAtOrBefore(let right)):
            .overlapEndedAtOrBefore(max(left, right))
        case (.withoutExpiry, .withoutExpiry): .withoutExpiry
        case (.lifetimeMoreThan(let left), .lifetimeMoreThan(let right)): .lifetimeMoreThan(min(left, right))
        case (.expiresAfter(let left), .expiresAfter(let right)): .expiresAfter(min(left, right))
        case (.expiredAtOrBefore(let left), .expiredAtOrBefore(let right)):
            .expiredAtOrBefore(max(left, right))
        case (.without(let left), .without(let right)) where left == right: .without(left)
        case (.ownerOutside(let left), .ownerOutside(let right)): .ownerOutside(left + right)
        case (.scopesBeyond(let left), .scopesBeyond(let right)): .scopesBeyond(left + right)
        case (.nameOutside(let left), .nameOutside(let right)): .nameOutside(left + right)
        case (.seenFromMoreThan(let left, let kind), .seenFromMoreThan(let right, let other)) where kind == other:
            .seenFromMoreThan(min(left, right), kind)
        default: nil
        }
    }
}
