/// What a rule says of a token at an instant.
///
/// Pure, and without allocation: it runs for every rule of every token of a report.
/// The token is one that can authenticate; see ``Token/canAuthenticate(at:)``.
///
/// - parameter tracking: when uses were watched, without which idle time does not count.
package func evaluate(
    _ rule: Rule, of token: Token, at now: Instant, tracking: TrackingHistory
) -> Verdict {
    evaluate(rule, of: token, at: now, idle: token.idleClock(at: now, tracking: tracking), tracking: tracking)
}

/// The same with the idle clock of the token, which all rules share.
func evaluate(
    _ rule: Rule, of token: Token, at now: Instant, idle clock: IdleClock?, tracking: TrackingHistory
) -> Verdict {
    if let verdict = evaluate(rule.terms, of: token, at: now, idle: clock, tracking: tracking) { return verdict }
    return evaluateFacts(of: token, rule)
}

/// The same by the terms of a rule; nil where it is about no time, and about facts alone.
///
/// Not by a closure for those, nor by `??`: it would copy the token, and whoever holds the rule, each time. It and what
/// it calls are inlined, so that a verdict is made where it is to lie: handing it up from call to call, some eighty
/// bytes, took a third of the judging.
@inline(__always)
func evaluate(
    _ terms: RuleTerms, of token: Token, at now: Instant, idle clock: IdleClock?, tracking: TrackingHistory
) -> Verdict? {
    switch terms.limit {
    case .age(let limit):
        evaluateAge(of: token.values, limit: limit, rule: terms, at: now)
    case .idleness(let limit):
        evaluateUse(of: token, clock, limit: limit, rule: terms, at: now, tracking: tracking)
    case .expiry(let required, let maxLifetime, let maxRemaining):
        evaluateExpiry(
            of: token, required: required, maxLifetime: maxLifetime, maxRemaining: maxRemaining, rule: terms,
            at: now)
    case .end(let limit):
        evaluateEnd(of: token, limit: limit, rule: terms, at: now)
    case .sources(let addresses, let agents, let within):
        evaluateSources(
            of: token, addresses: addresses, agents: agents, within: within, rule: terms, at: now, tracking: tracking)
    case .facts: nil
    }
}

extension Rule {
    /// How long before its deadline the action begins.
    ///
    /// What is rotated has its overlap before the deadline too, so that no value older than the limit is left.
    package var lead: TimeSpan {
        action == .rotate ? startBefore + overlap : startBefore
    }
}

extension ValueSummary {
    /// A rotation is open, or an older value has not been retired: nothing is to be started now.
    package var isChanging: Bool { rotationOpen || awaitingRetirement }
}

/// Compliance looks at the oldest value that authenticates, the action at the current one.
@inline(__always)
private func evaluateAge(of values: ValueSummary, limit: TimeSpan, rule: RuleTerms, at now: Instant) -> Verdict {
    guard values.current != nil || values.oldestIssuedAt != nil else { return Verdict(.unknown, .noValue) }
    guard let oldest = values.oldestIssuedAt, let current = values.currentIssuedAt else {
        return Verdict(.unknown, .ageUnknown)
    }
    let age = elapsed(from: oldest, to: now)
    let deadline = oldest + limit
    let start = deadline - rule.lead
    // An older value than the current one is still there, so the rotation that replaced it is not over.
    let inProgress = values.isChanging || oldest < current
    let capped = values.overlapEndsAt.map { $0 + rule.cap.patience(after: rule.overlap) }
    if now > deadline {
        let reason: Reason =
            if !inProgress {
                .maxAgeExceeded(age: age, limit: limit)
            } else if now > current + limit {
                .rotationInProgress(age: age, limit: limit)
            } else if let end = values.overlapEndsAt, let capped, now <= capped {
                .inOverlap(age: age, limit: limit, left: end - now)
            } else {
                .previousInUse(age: age, limit: limit)
            }
        return Verdict(.violating, reason, deadline: deadline, start: start, inProgress: inProgress)
    }
    if let capped, rule.action == .rotate, now > capped {
        let reason = Reason.previousKept(over: now - capped, age: age)
        return Verdict(.violating, reason, deadline: capped, start: capped, inProgress: inProgress)
    }
    guard now >= start else {
        return Verdict(.compliant, .withinMaxAge(age: age, limit: limit), deadline: deadline, start: start)
    }
    let reason: Reason =
        inProgress ? .rotationInProgress(age: age, limit: limit) : .maxAgeDue(age: age, limit: limit)
    return Verdict(.due, reason, deadline: deadline, start: start, inProgress: inProgress)
}

/// Unused is idle for at least the limit; what is not known is never acted on.
@inline(__always)
private func evaluateUse(
    of token: Token, _ clock: IdleClock?, limit: TimeSpan, rule: RuleTerms, at now: Instant, tracking: TrackingHistory
) -> Verdict {
    guard let clock else { return Verdict(.unknown, .usageUnknown) }
    let idle = clock.idleness
    // What is still to come is counted as watched: the deadline moves away while nobody does.
    let deadline =
        clock.reached(limit, tracking: tracking) ?? now + max(.zero, limit - idle.time)
    let start = deadline - rule.lead
    let inProgress = rule.waits(for: token.values)
    let isNeverUsed = if case .neverUsed = token.usage { true } else { false }
    if idle.time >= limit {
        let reason: Reason =
            isNeverUsed ? .neverUsed(idle: idle, limit: limit) : .idleTooLong(idle: idle, limit: limit)
        return Verdict(.violating, reason, deadline: deadline, start: start, inProgress: inProgress)
    }
    guard now >= start else {
        let reason: Reason =
            isNeverUsed
            ? .neverUsedWithinLimit(idle: idle, limit: limit) : .usedRecently(idle: idle, limit: limit)
        return Verdict(.compliant, reason, deadline: deadline, start: start)
    }
    return Verdict(
        .due, .idleDue(idle: idle, limit: limit), deadline: deadline, start: start, inProgress: inProgress)
}

/// Violated at once or not at all: nothing moves toward it, so there is no deadline.
@inline(__always)
private func evaluateExpiry(
    of token: Token, required: Bool, maxLifetime: TimeSpan?, maxRemaining: TimeSpan?, rule: RuleTerms,
    at now: Instant
) -> Verdict {
    // Where its end was brought near already, nothing more is to be done.
    let isEnding = rule.newEnd.map { set in token.expiresAt.map { $0 - now <= set.ahead + set.spread } ?? false }
    let inProgress = isEnding ?? rule.waits(for: token.values)
    guard let end = token.expiresAt else {
        return required
            ? Verdict(.violating, .noExpiry, inProgress: inProgress) : Verdict(.compliant, .expiryAcceptable)
    }
    if let maxLifetime, end - token.createdAt > maxLifetime {
        let reason = Reason.lifetimeTooLong(lifetime: end - token.createdAt, limit: maxLifetime)
        return Verdict(.violating, reason, inProgress: inProgress)
    }
    if let maxRemaining, end - now > maxRemaining {
        let reason = Reason.remainingTooLong(remaining: end - now, limit: maxRemaining)
        return Verdict(.violating, reason, inProgress: inProgress)
    }
    return Verdict(.compliant, .expiryAcceptable)
}

/// Broken when what remains is at most the limit; an end that nobody set is not near.
@inline(__always)
private func evaluateEnd(of token: Token, limit: TimeSpan, rule: RuleTerms, at now: Instant) -> Verdict {
    guard let end = token.expiresAt else { return Verdict(.compliant, .noEndNear) }
    let deadline = end - limit
    let start = deadline - rule.lead
    let remaining = max(.zero, end - now)
    let inProgress = rule.waits(for: token.values)
    if now >= deadline {
        return Verdict(
            .violating, .endsSoon(remaining: remaining, limit: limit), deadline: deadline, start: start,
            inProgress: inProgress)
    }
    guard now >= start else {
        return Verdict(.compliant, .endsLater(remaining: remaining, limit: limit), deadline: deadline, start: start)
    }
    return Verdict(
        .due, .endDue(remaining: remaining, limit: limit), deadline: deadline, start: start, inProgress: inProgress)
}

/// Shared is what was seen from more places than that, on the days that began within the time and since it was restored
/// last. Where nobody watched, or nobody told from where, few are not known to be few.
private func evaluateSources(
    of token: Token, addresses: Int?, agents: Int?, within: TimeSpan, rule: RuleTerms, at now: Instant,
    tracking: TrackingHistory
) -> Verdict {
    let start = token.restoredAt.map { max($0, now - within) } ?? now - within
    var few: SourceCount?
    var isUnseen = false
    func exceeds(_ kind: SeenFrom.Kind, _ limit: Int?) -> SourceCount? {
        guard let limit else { return nil }
        let seen = SourceCount(kind, count: token.seenFrom.count(kind, after: start), limit: limit, within: within)
        if few == nil { few = seen }
        if seen.count == 0 { isUnseen = true }
        return seen.count > limit ? seen : nil
    }
    if let many = exceeds(.address, addresses) ?? exceeds(.agent, agents) {
        return Verdict(.violating, .tooManySources(many), inProgress: rule.waits(for: token.values))
    }
    guard isUnseen else { return Verdict(.compliant, few.map(Reason.fewSources) ?? .asRequired) }
    if case .unknown = token.usage { return Verdict(.unknown, .usageUnknown) }
    if case .lastUsed(let used) = token.usage, used.midnight > start { return Verdict(.unknown, .sourcesUnknown) }
    guard token.wasWatched(from: start, to: now, tracking), let few else { return Verdict(.unknown, .sourcesUnknown) }
    return Verdict(.compliant, .fewSources(few))
}

/// What is written down of a token, broken at once or not at all.
func evaluateFacts(of token: Token, _ rule: Rule) -> Verdict {
    let fault: Reason? =
        switch rule.requirement {
        case .owner(let allowed):
            token.owner.isEmpty ? .noOwner : allowed.admit(token.owner) ? nil : .ownerNotAllowed
        case .description: token.description.isEmpty ? .noDescription : nil
        case .destination: token.destinationCount == 0 ? .noDestination : nil
        case .scopes(let deny, let most):
            if !deny.isEmpty, token.scopes.contains(where: deny.admit) {
                .scopeDenied
            } else if let most, token.scopes.count > most {
                .tooManyScopes(count: token.scopes.count, limit: most)
            } else {
                nil
            }
        case .name(let allowed): allowed.admit(token.name) ? nil : .nameNotAllowed
        case .maxAge, .unusedFor, .expiry, .expiresWithin, .sources: nil
        }
    guard let fault else { return Verdict(.compliant, .asRequired) }
    return Verdict(.violating, fault, inProgress: rule.terms.waits(for: token.values))
}

/// Never negative: a date in the future, from a clock that was wrong, is no age.
private func elapsed(from start: Instant, to now: Instant) -> TimeSpan {
    max(.zero, now - start)
}
