/// Follows tokens through the days to come, from one change of what the policies say to the next, as the runs of a
/// daemon that is there always would act on them.
///
/// Pure. Nobody uses a token, changes one or presents a value; rotations succeed at once, and their older values are
/// retired at the end of the overlap; limits refuse nothing, and are told. In flat memory, but for the tokens that a
/// policy with a pace acts on.
package struct PolicySimulation: Sendable {
    package private(set) var forecast: ActionForecast
    /// Those that act.
    package let policies: [Policy]
    private let times: [RunTimes]
    private let end: Instant
    private let planner: Planner
    private let frozen: FrozenTimes
    private let limits: Limits
    private let occasion: Occasion
    private let endings: Occasion
    /// Whether uses are watched now, and so from now on: else no token grows idle.
    package let isWatched: Bool
    private let tracking: TrackingHistory
    /// The policies whose condition may change its mind with time alone.
    private let moving: [Int]
    private var paced = PacedTokens()
    private var rulings: [Planner.Ruling] = []

    /// - parameters:
    ///   - policies: all that are loaded; those that do not act are left out.
    ///   - vaults: the names of the vaults that the configuration has.
    ///   - tracking: when uses were watched until now.
    ///   - fallback: when those run that do not say so.
    ///   - limits: those above every policy's own.
    ///   - waivers: those that are in force; each counts until its end, and none is asked for anew.
    ///   - days: from the day of `now` on, that one included; at least one.
    package init(
        of policies: PolicySet, vaults: Set<String>, tracking: TrackingHistory, otherwise fallback: Schedule,
        calendar: FreezeCalendar?, limits: Limits, waivers: ActiveWaivers = ActiveWaivers(), from now: Instant,
        days: Int
    ) {
        let acting = policies.policies.filter { $0.mode == .enforce }.map(\.actingAlone)
        self.policies = acting
        forecast = ActionForecast(of: acting, from: now, days: days)
        end = forecast.until
        self.limits = limits
        isWatched = tracking.isWatched(at: now)
        self.tracking = isWatched ? tracking.continued(from: now) : tracking
        planner = Planner(
            policies: PolicySet(policies: acting, digest: policies.digest), vaults: vaults, tracking: self.tracking,
            waivers: waivers)
        let frozen = FrozenTimes(calendar, from: now, until: forecast.until)
        self.frozen = frozen
        let (until, schedules) = (forecast.until, acting.map { $0.schedule ?? fallback })
        // Most often they have one schedule together.
        var known: [Schedule: RunTimes] = [:]
        times = schedules.map { schedule in
            let found = known[schedule] ?? RunTimes(of: schedule, after: now, until: until, frozen: frozen)
            known[schedule] = found
            return found
        }
        let timetable = Timetable(
            zip(acting, schedules).map { ScheduledPolicy($0.name, $1) }, calendar: calendar)
        (occasion, endings) = (.schedules(timetable), .endings(timetable))
        moving = acting.indices.filter { acting[$0].condition?.movesWithTime == true }
    }

    /// Whether a rule that acts looks at what a token is said to be for.
    package var asksForDescription: Bool { planner.policies.asksForDescription }

    /// Whether a rule that acts counts idle time that does not grow, since nobody watches.
    package var lacksWatch: Bool {
        !isWatched && policies.countIdleTime
    }

    /// Follows a token to the end; one that a policy with a pace acts on, up to there.
    package mutating func add(
        _ token: Token, in quarantine: Quarantine? = nil, _ background: some TokenBackground
    ) throws {
        var one = SimulatedToken(token, in: quarantine, at: forecast.from, frozen: frozen)
        if quarantine == nil {
            judge(one)
            forecast.count(rulings)
            // Of most tokens nothing is ahead.
            if next(of: one, chosen: nil, isSettled: false) == nil { return }
        }
        if let wish = try follow(&one, background) { paced.add(one, at: wish.at) }
    }

    /// Follows those that are left, all of them together, and holds the runs against their limits.
    package mutating func finish(_ background: some TokenBackground) throws {
        while let now = paced.next(by: times), now < end {
            while let (place, found) = paced.takeDue(at: now) {
                var one = found
                let wish = try follow(&one, background)
                paced.put(one, at: place, wish, now: now)
            }
            for policy in policies.indices where paced.isAhead(now) && times[policy].isRun(at: now) {
                var left = policies[policy].pace ?? 0
                while left > 0, let (place, found) = paced.takeFirst(waitingFor: policy) {
                    var one = found
                    one.at = now
                    var grant: Int? = policy
                    let wish = try follow(&one, granted: &grant, background)
                    if grant == nil { left -= 1 }
                    paced.put(one, at: place, wish, now: nil)
                }
            }
            paced.pass(now)
        }
        forecast.hold(to: limits)
    }

    // MARK: - One token

    private mutating func follow(
        _ one: inout SimulatedToken, _ background: some TokenBackground
    ) throws -> PacedTokens.Wish? {
        var none: Int?
        return try follow(&one, granted: &none, background)
    }

    /// Up to where it wants an action of a policy that has a pace; nil when nothing more comes.
    ///
    /// - parameter granted: the policy whose pace lets it act on the token now; nil afterwards where it did.
    private mutating func follow(
        _ one: inout SimulatedToken, granted: inout Int?, _ background: some TokenBackground
    ) throws -> PacedTokens.Wish? {
        let begun = one.at
        while one.at < end, one.isThere {
            // What is granted is an action now, and none of a later day.
            let grant = one.at == begun ? granted : nil
            one.retireIfDue()
            judge(one)
            one.forgetTold { rule in rulings.contains { $0.verdict.status == .violating && reference(of: $0) == rule } }
            // What a run does not select any more, it has told nobody of.
            for policy in moving
            where times[policy].isRun(at: one.at) && !rulings.contains(where: { $0.policy == policy }) {
                one.withdraw(noticesOf: policies[policy].name)
            }
            let look = try look(at: &one, granted: grant, background)
            var (chosen, isSettled): (Int?, Bool) = (nil, false)
            switch look {
            case .wants(let policy, let deadline):
                let next = next(of: one, chosen: nil, isSettled: false, besides: policy)
                return PacedTokens.Wish(policy: policy, deadline: deadline, at: one.at, next: next ?? end)
            case .acted(let policy):
                if policy == grant { granted = nil }
                one.retireIfDue()
                judge(one)
            case .nothing(let found): (chosen, isSettled) = (found, true)
            }
            guard let next = next(of: one, chosen: chosen, isSettled: isSettled) else { return nil }
            one.at = next
        }
        return nil
    }

    private mutating func judge(_ one: SimulatedToken) {
        rulings.removeAll(keepingCapacity: true)
        planner.judge(one.token, at: one.at, into: &rulings)
    }

    /// What a look at a token came to.
    private enum Look {
        /// Which policy's the action is that was called for and not taken; nil where none was called for.
        case nothing(chosen: Int?)
        case acted(policy: Int)
        case wants(policy: Int, deadline: Instant?)
    }

    private mutating func look(
        at one: inout SimulatedToken, granted: Int?, _ background: some TokenBackground
    ) throws -> Look {
        let now = one.at
        let (token, firing) = (one.token, rulings.filter { times[$0.policy].isRun(at: now) })
        if let quarantine = one.quarantine, token.state == .quarantined {
            guard let policy = self.policy(ending: quarantine, of: token), times[policy].isRun(at: now) else {
                return .nothing(chosen: nil)
            }
            let decision = try planner.decide(
                token, in: quarantine, at: now, notices: { try one.sent(background) }, refused: { nil })
            return try take(decision, policy, of: &one, granted: granted, background)
        }
        if !firing.isEmpty {
            let decision = try planner.decide(
                token, by: firing, at: now, notices: { try one.sent(background) },
                destinations: { try one.destinations(background) })
            let look = try take(decision, decision.policy, of: &one, granted: granted, background)
            guard case .nothing(let chosen) = look else { return look }
            return try rescue(&one, background) ?? .nothing(chosen: chosen)
        }
        return try rescue(&one, background) ?? .nothing(chosen: nil)
    }

    /// What a run does that decides so.
    private mutating func take(
        _ decision: Planner.Decision, _ policy: Int?, of one: inout SimulatedToken, granted: Int?,
        _ background: some TokenBackground
    ) throws -> Look {
        one.send(decision.notices)
        var news: Set<RuleReference> = []
        for ruling in decision.rulings
        where ruling.verdict.status == .violating && planner.rule(of: ruling).action == .notify {
            let reference = reference(of: ruling)
            if try one.tell(of: reference, background) { news.insert(reference) }
        }
        var settled = decision.action
        occasion.settle(&settled, of: one.token, by: policy.map { policies[$0] }, at: one.at)
        guard let action = settled, let policy else { return .nothing(chosen: nil) }
        if let reason = action.blocked {
            if !one.isCountedBlocked { forecast.countBlocked(reason) }
            one.isCountedBlocked = true
            return .nothing(chosen: policy)
        }
        if action.action == .notify {
            if news.contains(RuleReference(policy: action.policy, rule: action.rule)) { count(action, policy, one.at) }
            return .nothing(chosen: policy)
        }
        if action.waiting { return .nothing(chosen: policy) }
        if policies[policy].pace != nil, granted != policy {
            return .wants(policy: policy, deadline: action.verdict.deadline)
        }
        return act(action, policy, on: &one)
    }

    private mutating func act(_ action: PlannedAction, _ policy: Int, on one: inout SimulatedToken) -> Look {
        guard let rule = policies[policy].rules.first(where: { $0.name == action.rule }) else {
            return .nothing(chosen: policy)
        }
        count(action, policy, one.at)
        one.undergo(action, by: rule, frozen: frozen)
        return .acted(policy: policy)
    }

    private mutating func count(_ action: PlannedAction, _ policy: Int, _ now: Instant) {
        let schedule = times[policy].schedule
        let fire = schedule.spread == nil || action.early != nil ? now : schedule.previous(atOrBefore: now)
        forecast.count(action.action, of: policy, at: now, fire: fire)
    }

    // MARK: - Ends that come before the next run

    /// Rotates what would end before the policy that renews it runs again.
    private mutating func rescue(_ one: inout SimulatedToken, _ background: some TokenBackground) throws -> Look? {
        let (now, token) = (one.at, one.token)
        guard token.expiresAt != nil, rulings.contains(where: { $0.verdict.calls && renews($0) }),
            frozen.stretch(at: now) == nil
        else { return nil }
        // What is stricter has its say.
        let calls = rulings.filter { renews($0) || planner.rule(of: $0).action > .rotate }
        let notices = try one.sent(background)
        let found = try planner.action(
            for: token, calls, after: notices, at: now, destinations: { try one.destinations(background) })
        guard let (planned, policy) = found else { return nil }
        var settled: PlannedAction? = planned
        endings.settle(&settled, of: token, by: policies[policy], at: now)
        guard let action = settled, action.takesEffect else { return nil }
        return act(action, policy, on: &one)
    }

    private func renews(_ ruling: Planner.Ruling) -> Bool {
        let rule = planner.rule(of: ruling)
        return rule.action == .rotate && rule.renewal != nil
    }

    /// When a token has to be rotated though its policy does not run; nil where it does in time.
    private func rescue(of one: SimulatedToken, by ruling: Planner.Ruling) -> Instant? {
        guard renews(ruling), let end = one.token.expiresAt,
            var start = ruling.verdict.calls ? one.at : ruling.verdict.start
        else { return nil }
        // It waits for its notice then, too.
        if ruling.verdict.calls,
            let release = planner.hold(ruling, of: one.token, after: one.knownNotices, at: one.at)
        {
            start = max(start, release)
        }
        let last = times[ruling.policy].schedule.lastTurn(atOrBefore: end - TimeSpan(seconds: 1))
        let rescue = frozen.thaw(max(start, last))
        return rescue > one.at && rescue < end ? rescue : nil
    }

    // MARK: - What comes next

    private func reference(of ruling: Planner.Ruling) -> RuleReference {
        RuleReference(policy: policies[ruling.policy].name, rule: planner.rule(of: ruling).name)
    }

    private func policy(ending quarantine: Quarantine, of token: Token) -> Int? {
        let revocation = quarantine.revocation(of: token, by: policies, waivers: planner.waivers)
        return revocation.flatMap { found in policies.firstIndex { $0.name == found.rule.policy } }
    }

    /// When something may happen next, by what is said of the token now; nil: nothing more before the end.
    ///
    /// - parameters:
    ///   - chosen: whose action is in the way of the others, since it is not taken.
    ///   - isSettled: the runs of now have looked at it, and left it as it is.
    ///   - besides: a policy that is looked after.
    private func next(
        of one: SimulatedToken, chosen: Int?, isSettled: Bool, besides: Int? = nil
    ) -> Instant? {
        let soon = one.at + TimeSpan(seconds: 1)
        if one.token.state == .quarantined { return nextOfQuarantine(one, besides: besides) }
        var next = one.retirement.map { max($0, soon) }
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            next = min(next ?? instant, instant)
        }
        for ruling in rulings where ruling.policy != besides {
            let (policy, verdict) = (ruling.policy, ruling.verdict)
            if let waiver = ruling.waiver {
                consider(times[policy].next(atOrAfter: max(planner.waivers.list[waiver].endsAt, soon)))
                continue
            }
            // Most have their date beyond the end.
            if !verdict.calls, verdict.start.map({ $0 - lead(policy) >= end }) ?? true { continue }
            consider(rescue(of: one, by: ruling))
            let isRunNow = isSettled && times[policy].isRun(at: one.at)
            guard let wish = wish(ruling, of: one, chosen: isRunNow ? chosen : nil, isSettled: isRunNow) else {
                continue
            }
            consider(times[policy].next(atOrAfter: max(wish, soon)))
        }
        for policy in moving where policy != besides && policies[policy].selector.matches(one.token) {
            consider(times[policy].nextOfDay(after: one.at))
        }
        return next.flatMap { $0 < end ? $0 : nil }
    }

    /// How long before the start of an action it has to be looked at for its first notice.
    private func lead(_ policy: Int) -> TimeSpan { planner.noticeTerms[policy]?.longestLead ?? .zero }

    /// From when on a run of its policy may do something by a ruling; nil: for all that is known, none does.
    private func wish(
        _ ruling: Planner.Ruling, of one: SimulatedToken, chosen: Int?, isSettled: Bool
    ) -> Instant? {
        let (verdict, rule, now) = (ruling.verdict, planner.rule(of: ruling), one.at)
        let isTold =
            planner.noticeTerms[ruling.policy] == nil
            || one.knownNotices.contains { $0.announces(planner.coming(ruling, of: one.token)) }
        guard verdict.calls else {
            guard verdict.status == .compliant, let start = verdict.start, !standsStill(rule, of: one.token) else {
                return nil
            }
            return isTold ? start : start - lead(ruling.policy)
        }
        if rule.action == .notify {
            if verdict.status == .due { return verdict.deadline ?? now }
            return one.isTold(of: reference(of: ruling)) ? nil : now
        }
        if let release = planner.hold(ruling, of: one.token, after: one.knownNotices, at: now) {
            return isTold ? release : now
        }
        guard isSettled, let chosen else { return now }
        // In the way is what is blocked, or waits for its turn.
        if chosen == ruling.policy {
            return occasion.turn(of: one.token.id, by: policies[chosen].name, at: now)
        }
        let run = times[ruling.policy].next(atOrAfter: now + TimeSpan(seconds: 1))
        return run.flatMap { times[chosen].isRun(at: $0) ? nil : $0 }
    }

    /// Whether the start of a rule moves away for ever, since nobody sees the token used.
    private func standsStill(_ rule: Rule, of token: Token) -> Bool {
        guard case .unusedFor = rule.requirement, !tracking.isUnbroken else { return false }
        return !isWatched || token.watchedSince == nil
    }

    private func nextOfQuarantine(_ one: SimulatedToken, besides: Int?) -> Instant? {
        guard let quarantine = one.quarantine,
            let revocation = quarantine.revocation(
                of: one.token, by: policies, waivers: planner.waivers),
            let policy = policies.firstIndex(where: { $0.name == revocation.rule.policy }), policy != besides
        else { return nil }
        let (now, soon) = (one.at, one.at + TimeSpan(seconds: 1))
        let coming = ComingAction(revocation, of: quarantine, at: now)
        let isTold = planner.noticeTerms[policy] == nil || one.knownNotices.contains { $0.announces(coming) }
        let wish: Instant
        if !isTold {
            wish = revocation.at - lead(policy)
        } else if revocation.at <= now {
            wish = planner.noticeTerms[policy]?.hold(coming, after: one.knownNotices, at: now) ?? now
        } else {
            wish = revocation.at
        }
        return times[policy].next(atOrAfter: max(wish, soon))
    }
}

extension Policy {
    /// Without what makes no difference to what it does: a notice that nothing waits for.
    fileprivate var actingAlone: Policy {
        var policy = self
        if minimumNotice == nil { policy.notifyBefore = [] }
        return policy
    }
}

extension Condition {
    /// Whether it may come to another answer with time alone.
    fileprivate var movesWithTime: Bool { asks(for: .now) || asks(for: .age) || asks(for: .idle) }
}
