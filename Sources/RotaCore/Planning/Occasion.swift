/// What a run is made for: it decides whose turn it is.
package enum Occasion: Hashable, Sendable {
    /// Somebody asked for it, or a schedule did: whatever is called for is done.
    case request
    /// What would end before the next run of its policy, by the names of the policies: nothing else is done. A window
    /// is a preference, an end is a fact.
    case endings([String: Schedule])

    /// The part of the policies that the plan is made by.
    package func part(of policies: PolicySet) -> PolicySet {
        guard case .endings(let schedules) = self else { return policies }
        let saving = policies.policies.compactMap { policy -> Policy? in
            guard policy.mode == .enforce, schedules[policy.name] != nil else { return nil }
            var saving = policy
            saving.rules = policy.rules.filter(\.savesFromEnding)
            return saving.rules.isEmpty ? nil : saving
        }
        return PolicySet(policies: saving, digest: policies.digest)
    }

    /// The names of the policies of which the plan looks at every token that they call for something on: what of theirs
    /// is not in it is over.
    package func judges(_ policies: [Policy]) -> Set<String> {
        if case .endings = self { return [] }
        return Set(policies.map(\.name))
    }

    /// No end after this one is looked at; nil: the plan is made by all that its rules look at.
    package func horizon(at now: Instant) -> Instant? {
        guard case .endings(let schedules) = self else { return nil }
        return schedules.values.map { $0.next(after: now) }.max() ?? now
    }

    /// Leaves an action only to a token whose turn it is.
    package func settle(
        _ decision: inout Planner.Decision, of token: Token, by policies: [Policy], at now: Instant
    ) {
        guard case .endings(let schedules) = self else { return }
        // What is violated is told by the run of the policy.
        decision.rulings = []
        guard let policy = decision.policy, let schedule = schedules[policies[policy].name], let end = token.expiresAt
        else { return decision.drop() }
        let next = schedule.next(after: now)
        // One that ends in the moment of the run is not there any more when that begins.
        guard end <= next else { return decision.drop() }
        decision.action?.early = next
    }
}

extension Planner.Decision {
    fileprivate mutating func drop() { (action, policy) = (nil, nil) }
}

extension Rule {
    /// Whether its action gives a token that is to end a later end.
    fileprivate var savesFromEnding: Bool { action == .rotate && renewal != nil }
}
