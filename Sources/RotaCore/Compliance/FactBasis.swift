/// What a rule looks at, as far as it matters who saw it.
enum FactSubject: Sendable {
    /// When the values were made.
    case value
    /// When it was used last.
    case use
    /// From where it was used within a time.
    case sources(within: TimeSpan)
    /// What else is recorded of it.
    case record

    init(_ requirement: Requirement) {
        switch requirement {
        case .maxAge: self = .value
        case .unusedFor: self = .use
        case .sources(_, _, let within): self = .sources(within: within)
        case .expiry, .expiresWithin, .owner, .description, .destination, .scopes, .name: self = .record
        }
    }
}

extension Token {
    /// Whether all that a rule looks at was seen here; else some of it was told by an import. Nil where it is a
    /// hypothesis that anybody watched.
    func basis(of subject: FactSubject, idle: IdleClock?, at now: Instant, _ tracking: TrackingHistory) -> Provenance? {
        switch subject {
        case .value: hasValuesOfOurs ? .observed : provenance
        case .record: provenance
        case .use where tracking.isUnbroken, .sources where tracking.isUnbroken: nil
        case .use: idle?.isTold(of: self, tracking) ?? false ? .asserted : .observed
        case .sources(let within): isToldOfSources(after: now - within, at: now, tracking) ? .asserted : .observed
        }
    }

    /// An imported token has been rotated here, and nothing else authenticates.
    private var hasValuesOfOurs: Bool {
        issuer == .rota && (values.current ?? 1) > 1 && !values.awaitingRetirement
    }

    /// Whether an import spoke of its use on the days that count; else whether nothing was seen here on them, and an
    /// import alone says that there was nothing to see.
    private func isToldOfSources(after start: Instant, at now: Instant, _ tracking: TrackingHistory) -> Bool {
        let start = restoredAt.map { max($0, start) } ?? start
        if let told = usageAssertedUntil, told.midnight > start { return true }
        if case .lastUsed(let used) = usage, used.midnight > start { return false }
        return watchedSince.map { tracking.watchedHere(from: max($0, start), to: now) == .zero } ?? true
    }
}
