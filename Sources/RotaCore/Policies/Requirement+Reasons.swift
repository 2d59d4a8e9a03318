extension Requirement {
    /// The reasons that a verdict on it may have.
    package var reasons: [Reason.Kind] { ownReasons + [.conditionFailed] }

    private var ownReasons: [Reason.Kind] {
        switch self {
        case .maxAge:
            [
                .withinMaxAge, .maxAgeDue, .maxAgeExceeded, .previousInUse, .rotationInProgress, .noValue,
                .ageUnknown,
            ]
        case .unusedFor:
            [.usedRecently, .neverUsedWithinLimit, .idleDue, .idleTooLong, .neverUsed, .usageUnknown]
        case .expiry: [.expiryAcceptable, .noExpiry, .lifetimeTooLong, .remainingTooLong]
        case .expiresWithin: [.endsLater, .endDue, .endsSoon]
        case .owner: [.asRequired, .noOwner, .ownerNotAllowed]
        case .description: [.asRequired, .noDescription]
        case .destination: [.asRequired, .noDestination]
        case .scopes: [.asRequired, .scopeDenied, .tooManyScopes]
        case .name: [.asRequired, .nameNotAllowed]
        case .sources: [.fewSources, .tooManySources, .sourcesUnknown, .usageUnknown]
        }
    }
}
