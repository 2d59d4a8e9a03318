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

    package init(
        _ status: Status, _ reason: Reason, deadline: Instant? = nil, start: Instant? = nil,
        inProgress: Bool = false
    ) {
        self.status = status
        self.reason = reason
        self.deadline = deadline
        self.start = start
        self.inProgress = inProgress
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
    /// Said in place of `maxAgeDue` while a rotation is under way.
    case rotationInProgress(age: TimeSpan, limit: TimeSpan)
    case ageUnknown
    case usedRecently(idle: TimeSpan, limit: TimeSpan)
    case idleDue(idle: TimeSpan, limit: TimeSpan)
    case idleTooLong(idle: TimeSpan, limit: TimeSpan)
    case neverUsed(idle: TimeSpan, limit: TimeSpan)
    case usageUnknown
    case expiryAcceptable
    case noExpiry
    case lifetimeTooLong(lifetime: TimeSpan, limit: TimeSpan)
    case remainingTooLong(remaining: TimeSpan, limit: TimeSpan)

    /// What scripts rely on.
    package var code: String {
        switch self {
        case .withinMaxAge: "within-max-age"
        case .maxAgeDue: "max-age-due"
        case .maxAgeExceeded: "max-age-exceeded"
        case .previousInUse: "previous-in-use"
        case .rotationInProgress: "in-progress"
        case .ageUnknown: "age-unknown"
        case .usedRecently: "used-recently"
        case .idleDue: "idle-due"
        case .idleTooLong: "idle-too-long"
        case .neverUsed: "never-used"
        case .usageUnknown: "usage-unknown"
        case .expiryAcceptable: "expiry-acceptable"
        case .noExpiry: "no-expiry"
        case .lifetimeTooLong: "lifetime-too-long"
        case .remainingTooLong: "remaining-too-long"
        }
    }

    /// For people.
    package var message: String {
        switch self {
        case .withinMaxAge(let age, let limit): "the value is \(age.spoken) old; the limit is \(limit.spoken)"
        case .maxAgeDue(let age, let limit):
            "the value is \(age.spoken) old and is to be replaced before it is older than \(limit.spoken)"
        case .maxAgeExceeded(let age, let limit):
            "the value is \(age.spoken) old; the limit is \(limit.spoken)"
        case .previousInUse(let age, let limit):
            "a previous value, \(age.spoken) old, still authenticates; the limit is \(limit.spoken)"
        case .rotationInProgress(let age, let limit):
            "the value is \(age.spoken) old (limit \(limit.spoken)); a rotation is under way"
        case .ageUnknown: "it is not known when the value was issued"
        case .usedRecently(let idle, let limit): "idle for \(idle.spoken); the limit is \(limit.spoken)"
        case .idleDue(let idle, let limit): "idle for \(idle.spoken), close to the limit of \(limit.spoken)"
        case .idleTooLong(let idle, let limit): "not used for \(idle.spoken); the limit is \(limit.spoken)"
        case .neverUsed(let idle, let limit):
            "never used in the \(idle.spoken) it was watched; the limit is \(limit.spoken)"
        case .usageUnknown: "it is not known when it was last used"
        case .expiryAcceptable: "its end is within the rule"
        case .noExpiry: "it has no end"
        case .lifetimeTooLong(let lifetime, let limit):
            "it lives for \(lifetime.spoken) from its creation; the limit is \(limit.spoken)"
        case .remainingTooLong(let remaining, let limit):
            "it ends \(remaining.spoken) from now; the limit is \(limit.spoken)"
        }
    }
}
