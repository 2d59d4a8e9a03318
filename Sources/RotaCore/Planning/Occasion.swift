/// What a run is made for: it decides whose turn it is.
package enum Occasion: Hashable, Sendable {
    /// Somebody asked for it: whatever is called for is done.
    case request
    /// Schedules, by the names of the policies: each token has its turn within the spread, and waits until then.
    case schedules([String: Schedule])
    /// What would end before its policy can act on it, likewise: nothing else is done. A window is a preference, an
    /// end is a fact.
    case endings([String: Schedule])

    /// The part of the policies that the plan is made by.
    package func part(of policies: PolicySet) -> PolicySet {
        guard case .endings(let schedules) = self else { return policies }
        // What is stricter has its say, too: what is to be revoked is not to be renewed before.
        let acting = policies.policies.compactMap { policy -> Policy? in
            guard policy.mode == .enforce else { return nil }
            var acting = policy
            acting.rules = policy.rules.filter {
                $0.savesFromEnding && schedules[policy.name] != nil || $0.action > .rotate
            }
            return acting.rules.isEmpty ? nil : acting
        }
        let isAnySaving = acting.contains { $0.rules.contains(where: \.savesFromEnding) }
        return PolicySet(policies: isAnySaving ? acting : [], digest: policies.digest)
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
        return schedules.values.map { $0.next(after: now) + ($0.spread ?? .zero) }.max() ?? now
    }

    /// Leaves an action to a token whose turn it is, and lets it wait for its turn else. What waits for its notice
    /// goes on waiting: nothing is done sooner, whatever ends.
    ///
    /// - parameter policy: by which the action is; nil without one.
    package func settle(_ action: inout PlannedAction?, of token: Token, by policy: Policy?, at now: Instant) {
        guard let planned = action, let policy else { return }
        if planned.mayBegin != nil {
            if case .endings = self { action = nil }
            return
        }
        switch self {
        case .request: return
        case .schedules:
            // To tell somebody is no strain on anything; what is to be approved is put up as one.
            guard planned.action != .notify, !policy.needsApproval,
                let turn = turn(of: token.id, by: policy.name, at: now)
            else { return }
            if token.ends(until: turn), policy.savesFromEnding(by: planned.rule) {
                action?.early = turn
            } else {
                action?.waiting = true
            }
        case .endings(let schedules):
            let next = schedules[policy.name]?.opportunity(for: token.id, after: now)
            guard let next, policy.savesFromEnding(by: planned.rule), token.ends(until: next) else {
                action = nil
                return
            }
            action?.early = next
        }
    }

    /// Whether an action of the plan waits for the turn of its token, and for nothing else.
    package func defers(_ action: PlannedAction, at now: Instant) -> Bool {
        action.waiting && action.mayBegin == nil && !action.awaitsApproval && action.blocked == nil
            && action.early == nil
            && turn(of: action.tokenID, by: action.policy, at: now) != nil
    }

    /// The turn of a token that has not come yet; nil when it has.
    package func turn(of id: TokenID, by policy: String, at now: Instant) -> Instant? {
        guard case .schedules(let schedules) = self, let schedule = schedules[policy], schedule.spread != nil else {
            return nil
        }
        let turn = schedule.turn(of: id, after: schedule.previous(atOrBefore: now))
        return turn > now ? turn : nil
    }
}

extension Token {
    /// One that ends in the moment of a run is not there any more when that begins.
    fileprivate func ends(until instant: Instant) -> Bool { expiresAt.map { $0 <= instant } ?? false }
}

extension Rule {
    /// Whether its action gives a token that is to end a later end.
    fileprivate var savesFromEnding: Bool { action == .rotate && renewal != nil }
}

extension Policy {
    fileprivate func savesFromEnding(by rule: String) -> Bool {
        rules.contains { $0.name == rule && $0.savesFromEnding }
    }
}
