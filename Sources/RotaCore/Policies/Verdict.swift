/// What one rule says of one token at one instant.
package struct Verdict: Hashable, Sendable {
    /// How a token stands to a rule.
    package enum Status: String, Sendable, CaseIterable {
        case compliant, due, violating, waived, unknown
    }

    package var status: Status
    package var reason: Reason
    /// When the rule is or was broken; nil when nothing moves toward it.
    package var deadline: Instant?
    /// When the action begins; at or before the deadline.
    package var start: Instant?
    /// The action is not taken though due, since one is under way.
    package var inProgress: Bool
    /// What it would be without the waiver that it is waived by; nil for any other.
    package var wouldBe: Status?

    package init(
        _ status: Status, _ reason: Reason, deadline: Instant? = nil, start: Instant? = nil,
        inProgress: Bool = false
    ) {
        self.status = status
        self.reason = reason
        self.deadline = deadline
        self.start = start
        self.inProgress = inProgress
        wouldBe = nil
    }

    /// Whether a run in `enforce` has something to do.
    package var calls: Bool { (status == .due || status == .violating) && !inProgress }
}

/// Why: a stable code for machines, and a sentence with the numbers in it for people.
package enum Reason: Hashable, Sendable {
    case withinMaxAge(age: TimeSpan, limit: TimeSpan)
    case maxAgeDue(age: TimeSpan, limit: TimeSpan)
    case maxAgeExceeded(age: TimeSpan, limit: TimeSpan)
    /// The current value is young enough; an older one has not been retired yet.
    case previousInUse(age: TimeSpan, limit: TimeSpan)
    /// The current value is young enough; an older one lives on for its overlap, and for what ends that.
    case inOverlap(age: TimeSpan, limit: TimeSpan, left: TimeSpan)
    /// A previous value has outlived the cap of its overlap.
    case previousKept(over: TimeSpan, age: TimeSpan)
    /// Said in place of `maxAgeDue` while a rotation is under way.
    case rotationInProgress(age: TimeSpan, limit: TimeSpan)
    /// The first value has not reached its destinations yet.
    case noValue
    case ageUnknown
    case usedRecently(idle: Idleness, limit: TimeSpan)
    /// Not long enough to say more, though it was never used in that time.
    case neverUsedWithinLimit(idle: Idleness, limit: TimeSpan)
    case idleDue(idle: Idleness, limit: TimeSpan)
    case idleTooLong(idle: Idleness, limit: TimeSpan)
    case neverUsed(idle: Idleness, limit: TimeSpan)
    case usageUnknown
    case expiryAcceptable
    case noExpiry
    case lifetimeTooLong(lifetime: TimeSpan, limit: TimeSpan)
    case remainingTooLong(remaining: TimeSpan, limit: TimeSpan)
    /// It has no end, so that none is near.
    case noEndNear
    case endsLater(remaining: TimeSpan, limit: TimeSpan)
    case endDue(remaining: TimeSpan, limit: TimeSpan)
    case endsSoon(remaining: TimeSpan, limit: TimeSpan)
    /// A fact that a rule asks for is as it asks.
    case asRequired
    case noOwner
    case ownerNotAllowed
    case noDescription
    case noDestination
    case scopeDenied
    case tooManyScopes(count: Int, limit: Int)
    case nameNotAllowed
    case fewSources(SourceCount)
    case tooManySources(SourceCount)
    /// It was used, or may have been, and nobody told from where.
    case sourcesUnknown
    /// The condition of the policy errs.
    case conditionFailed(ConditionError)
    /// Quarantined by a rule that says when that is to end in a revocation.
    case quarantineOver(time: TimeSpan, limit: TimeSpan)

    /// What scripts rely on.
    package var code: String { kind.code }

    /// Which of the reasons it is, without its numbers.
    package var kind: Kind {
        switch self {
        case .withinMaxAge: .withinMaxAge
        case .maxAgeDue: .maxAgeDue
        case .maxAgeExceeded: .maxAgeExceeded
        case .previousInUse, .previousKept: .previousInUse
        case .inOverlap, .rotationInProgress: .rotationInProgress
        case .noValue: .noValue
        case .ageUnknown: .ageUnknown
        case .usedRecently: .usedRecently
        case .neverUsedWithinLimit: .neverUsedWithinLimit
        case .idleDue: .idleDue
        case .idleTooLong: .idleTooLong
        case .neverUsed: .neverUsed
        case .usageUnknown: .usageUnknown
        case .expiryAcceptable: .expiryAcceptable
        case .noExpiry: .noExpiry
        case .lifetimeTooLong: .lifetimeTooLong
        case .remainingTooLong: .remainingTooLong
        case .noEndNear, .endsLater: .endsLater
        case .endDue: .endDue
        case .endsSoon: .endsSoon
        case .asRequired: .asRequired
        case .noOwner: .noOwner
        case .ownerNotAllowed: .ownerNotAllowed
        case .noDescription: .noDescription
        case .noDestination: .noDestination
        case .scopeDenied: .scopeDenied
        case .tooManyScopes: .tooManyScopes
        case .nameNotAllowed: .nameNotAllowed
        case .fewSources: .fewSources
        case .tooManySources: .tooManySources
        case .sourcesUnknown: .sourcesUnknown
        case .conditionFailed: .conditionFailed
        case .quarantineOver: .quarantineOver
        }
    }

    /// The reasons without their numbers, which are counted by a number each.
    package enum Kind: Int, Sendable, CaseIterable {
        case withinMaxAge, maxAgeDue, maxAgeExceeded, previousInUse, rotationInProgress, noValue, ageUnknown
        case usedRecently, neverUsedWithinLimit, idleDue, idleTooLong, neverUsed, usageUnknown
        case expiryAcceptable, noExpiry, lifetimeTooLong, remainingTooLong
        case quarantineOver
        case endsLater, endDue, endsSoon
        case asRequired, noOwner, ownerNotAllowed, noDescription, noDestination
        case scopeDenied, tooManyScopes, nameNotAllowed
        case fewSources, tooManySources, sourcesUnknown
        case conditionFailed

        package var code: String {
            switch self {
            case .withinMaxAge: "within-max-age"
            case .maxAgeDue: "max-age-due"
            case .maxAgeExceeded: "max-age-exceeded"
            case .previousInUse: "previous-in-use"
            case .rotationInProgress: "in-progress"
            case .noValue: "no-value"
            case .ageUnknown: "age-unknown"
            case .usedRecently: "used-recently"
            case .neverUsedWithinLimit: "never-used-within-limit"
            case .idleDue: "idle-due"
            case .idleTooLong: "idle-too-long"
            case .neverUsed: "never-used"
            case .usageUnknown: "usage-unknown"
            case .expiryAcceptable: "expiry-acceptable"
            case .noExpiry: "no-expiry"
            case .lifetimeTooLong: "lifetime-too-long"
            case .remainingTooLong: "remaining-too-long"
            case .quarantineOver: "quarantine-over"
            case .endsLater: "ends-later"
            case .endDue: "end-due"
            case .endsSoon: "ends-soon"
            case .asRequired: "as-required"
            case .noOwner: "no-owner"
            case .ownerNotAllowed: "owner-not-allowed"
            case .noDescription: "no-description"
            case .noDestination: "no-destination"
            case .scopeDenied: "scope-denied"
            case .tooManyScopes: "too-many-scopes"
            case .nameNotAllowed: "name-not-allowed"
            case .fewSources: "few-sources"
            case .tooManySources: "too-many-sources"
            case .sourcesUnknown: "sources-unknown"
            case .conditionFailed: "condition-failed"
            }
        }
    }

    /// For people.
    package var message: String {
        let actual = measure.map { $0.actual.spoken(against: $0.limit) } ?? ""
        let limit = measure.map { $0.limit.spoken(against: $0.actual) } ?? ""
        return switch self {
        case .withinMaxAge, .maxAgeExceeded: "the value is \(actual) old; the limit is \(limit)"
        case .maxAgeDue:
            "the value is \(actual) old and is to be replaced before it is older than \(limit)"
        case .previousInUse:
            "a previous value, \(actual) old, still authenticates; the limit is \(limit)"
        case .inOverlap(_, _, let left):
            left > .zero
                ? "the value is replaced; the previous one, \(actual) old, still authenticates until its overlap ends "
                    + "in \(left.spoken); the limit is \(limit)"
                : "the value is replaced; the previous one, \(actual) old, still authenticates though its overlap "
                    + "has ended, until a run retires it; the limit is \(limit)"
        case .previousKept(let over, let age):
            "a previous value, \(age.spoken) old, still authenticates \(over.spoken) past the cap of its overlap"
        case .rotationInProgress:
            "the value is \(actual) old (limit \(limit)); a rotation is under way"
        case .noValue: "it has no value yet: the first one has not reached its destinations"
        case .ageUnknown: "it is not known when the value was issued"
        case .usedRecently(let idle, _): "idle for \(actual)\(idle.origin)\(remark); the limit is \(limit)"
        case .neverUsedWithinLimit(let idle, _):
            "not used yet \(idle.observation(actual))\(remark); the limit is \(limit)"
        case .idleDue(let idle, _): "idle for \(actual)\(idle.origin)\(remark), close to the limit of \(limit)"
        case .idleTooLong(let idle, _): "not used for \(actual)\(idle.origin)\(remark); the limit is \(limit)"
        case .neverUsed(let idle, _): "never used \(idle.observation(actual))\(remark); the limit is \(limit)"
        case .usageUnknown: "it is not known when it was last used"
        case .expiryAcceptable: "its end is within the rule"
        case .noExpiry: "it has no end"
        case .lifetimeTooLong: "it lives for \(actual) from its creation; the limit is \(limit)"
        case .remainingTooLong: "it ends \(actual) from now; the limit is \(limit)"
        case .noEndNear: "it has no end, so that none is near"
        case .endsLater: "it ends in \(actual), which is more than \(limit)"
        case .endDue: "it ends in \(actual), soon at most \(limit) from now"
        case .endsSoon: "it ends in \(actual), at most \(limit) from now"
        case .asRequired: "it is as the rule asks"
        case .noOwner: "nobody owns it"
        case .ownerNotAllowed: "its owner is none of those that the rule allows"
        case .noDescription: "nothing says what it is for"
        case .noDestination: "no destination is known for it"
        case .scopeDenied: "it has a scope that the rule denies"
        case .tooManyScopes(let count, let most): "it has \(count) scopes; the limit is \(most)"
        case .nameNotAllowed: "its name is none of those that the rule allows"
        case .fewSources(let seen), .tooManySources(let seen):
            "it was used from \(seen.spoken) within \(seen.within.spoken); the limit is \(seen.limit)"
        case .sourcesUnknown: "it is not known from where it was used"
        case .conditionFailed(let error): "the condition of the policy errs: \(error.message)"
        case .quarantineOver: "quarantined for \(actual) and not restored; the limit is \(limit)"
        }
    }

    /// What was measured, and what it is held against.
    private var measure: (actual: TimeSpan, limit: TimeSpan)? {
        switch self {
        case .withinMaxAge(let actual, let limit), .maxAgeDue(let actual, let limit),
            .maxAgeExceeded(let actual, let limit), .previousInUse(let actual, let limit),
            .inOverlap(let actual, let limit, _), .rotationInProgress(let actual, let limit),
            .lifetimeTooLong(let actual, let limit), .endsLater(let actual, let limit),
            .endDue(let actual, let limit), .endsSoon(let actual, let limit),
            .remainingTooLong(let actual, let limit), .quarantineOver(let actual, let limit):
            (actual, limit)
        case .usedRecently(let idle, let limit), .neverUsedWithinLimit(let idle, let limit),
            .idleDue(let idle, let limit), .idleTooLong(let idle, let limit), .neverUsed(let idle, let limit):
            (idle.time, limit)
        case .noValue, .previousKept, .ageUnknown, .usageUnknown, .expiryAcceptable, .noExpiry, .noEndNear, .asRequired,
            .noOwner, .ownerNotAllowed, .noDescription, .noDestination, .scopeDenied, .tooManyScopes, .nameNotAllowed,
            .fewSources, .tooManySources, .sourcesUnknown, .conditionFailed:
            nil
        }
    }

    /// What of the time since the last use does not count, if that is worth a word.
    private var remark: String {
        switch self {
        case .usedRecently(let idle, _), .neverUsedWithinLimit(let idle, _), .idleDue(let idle, _),
            .idleTooLong(let idle, _), .neverUsed(let idle, _):
            idle.remark
        default: ""
        }
    }
}

extension Idleness {
    /// Whose word it is, where all of it is an import's.
    fileprivate var origin: String { isAsserted ? " as imported" : "" }

    /// When nothing was seen, and by whom.
    ///
    /// - parameter time: how long, in words.
    fileprivate func observation(_ time: String) -> String {
        guard isAsserted, let assertedSince else { return "in the \(time) it was watched" }
        return "since \(assertedSince) as imported, which is \(time)"
    }
}
