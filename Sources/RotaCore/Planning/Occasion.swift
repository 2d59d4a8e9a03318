/// When policies run, by their names, and when nothing is changed.
package struct Timetable: Hashable, Sendable {
    package var schedules: [String: Schedule]
    package var calendar: FreezeCalendar?

    /// Names are unique.
    package init(_ policies: [ScheduledPolicy], calendar: FreezeCalendar? = nil) {
        schedules = Dictionary(policies.map { ($0.name, $0.schedule) }, uniquingKeysWith: { first, _ in first })
        self.calendar = calendar
    }
}

extension Timetable {
    /// No turn after a fire is later: that of a token may be as late as the spread, and a freeze may hold it back
    /// still further.
    fileprivate func lastTurn(of schedule: Schedule, after fire: Instant) -> Instant {
        let last = fire + (schedule.spread ?? .zero)
        guard let calendar, schedule.spread != nil else { return last }
        return schedule.nextActing(after: last, calendar: calendar) ?? last + Schedule.farthest
    }
}

/// What a run is made for: it decides whose turn it is.
package enum Occasion: Hashable, Sendable {
    /// Somebody asked for it: whatever is called for is done.
    case request
    /// Schedules, by the names of the policies: each token has its turn within the spread, and waits until then.
    case schedules(Timetable)
    /// What would end before its policy can act on it, likewise: nothing else is done. A window is a preference, an
    /// end is a fact.
    case endings(Timetable)

    /// The part of the policies that the plan is made by.
    package func part(of policies: PolicySet) -> PolicySet {
        guard case .endings(let timetable) = self else { return policies }
        // What is stricter has its say, too: what is to be revoked is not to be renewed before.
        let acting = policies.policies.compactMap { policy -> Policy? in
            guard policy.mode == .enforce else { return nil }
            var acting = policy
            acting.rules = policy.rules.filter {
                $0.savesFromEnding && timetable.schedules[policy.name] != nil || $0.action > .rotate
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

    /// Whether it is only about ends that come before the next runs: what else there is, the runs of the policies see
    /// and tell.
    package var isEarly: Bool { if case .endings = self { true } else { false } }

    /// No end after this one is looked at; nil: the plan is made by all that its rules look at.
    ///
    /// As far as a rule that saves a token looks ahead, and not beyond what its policy's next run can do.
    ///
    /// - parameter policies: those that the plan is made by.
    package func horizon(of policies: PolicySet, at now: Instant) -> Instant? {
        guard case .endings(let timetable) = self else { return nil }
        let ends = policies.policies.flatMap { policy -> [Instant] in
            guard let schedule = timetable.schedules[policy.name] else { return [] }
            let fire = schedule.nextActing(after: now, calendar: timetable.calendar) ?? now + Schedule.farthest
            let next = timetable.lastTurn(of: schedule, after: fire)
            return policy.rules.filter(\.savesFromEnding).map { rule in
                guard case .expiresWithin(let limit) = rule.requirement else { return next }
                return min(next, now + rule.lead + limit)
            }
        }
        return ends.max() ?? now
    }

    /// Since when what such runs have begun for a policy counts for its pace and its limits: a run each minute would
    /// else be bound by none. From the last run of its schedule on; nil: each run is bound by itself.
    package func beginning(of policy: String, at now: Instant) -> Instant? {
        guard case .endings(let timetable) = self else { return nil }
        return timetable.schedules[policy]?.previous(atOrBefore: now)
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
        case .endings(let timetable):
            guard let schedule = timetable.schedules[policy.name] else {
                action = nil
                return
            }
            let next =
                schedule.opportunity(for: token.id, after: now, calendar: timetable.calendar)
                ?? now + Schedule.farthest
            guard policy.savesFromEnding(by: planned.rule), token.ends(until: next) else {
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
        guard case .schedules(let timetable) = self, let schedule = timetable.schedules[policy], schedule.spread != nil
        else { return nil }
        let fire = schedule.previous(atOrBefore: now)
        let turn = schedule.turn(of: id, after: fire, calendar: timetable.calendar)
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
