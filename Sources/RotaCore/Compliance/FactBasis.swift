/// What a rule looks at, as far as it matters who saw it.
enum FactSubject: Sendable {
    /// When the values were made.
    case value
    /// When it was used last.
    case use
    /// Uses that were watched here.
    case watchedUse
    /// What else is recorded of it.
    case record

    init(_ requirement: Requirement) {
        switch requirement {
        case .maxAge: self = .value
        case .unusedFor: self = .use
        case .sources: self = .watchedUse
        case .expiry, .expiresWithin, .owner, .description, .destination, .scopes, .name: self = .record
        }
    }
}

extension Token {
    /// Whether all that a rule looks at was seen here; else some of it was told by an import.
    func basis(of subject: FactSubject, idle: IdleClock?) -> Provenance {
        switch subject {
        case .watchedUse: .observed
        case .use: (idle?.idleness.asserted ?? .zero) > .zero ? .asserted : .observed
        case .value: hasValuesOfOurs ? .observed : provenance
        case .record: provenance
        }
    }

    /// An imported token has been rotated here, and nothing else authenticates.
    private var hasValuesOfOurs: Bool {
        issuer == .rota && (values.current ?? 1) > 1 && !values.awaitingRetirement
    }
}
