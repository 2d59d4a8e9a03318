/// The opaque name of a token, never used again for another one (NIST 800-53 IA-4 d).
package struct TokenID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }
    package static func < (left: TokenID, right: TokenID) -> Bool { left.text < right.text }
}

/// Who mints and kills a token's values.
package enum Issuer: Hashable, Sendable, CustomStringConvertible {
    case rota
    /// Somebody else's system, such as `external:aws-iam`: never minted for, never overwritten.
    case external(kind: String)

    /// Reads `rota` or `external:<kind>`, where the kind is `[a-z][a-z0-9-]{0,31}`.
    package init?(_ text: some StringProtocol) {
        if text == "rota" {
            self = .rota
            return
        }
        guard text.hasPrefix("external:") else { return nil }
        let kind = text.dropFirst("external:".count)
        guard let first = kind.utf8.first, (97...122).contains(first), kind.utf8.count <= 32,
            kind.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else { return nil }
        self = .external(kind: String(kind))
    }

    package var description: String {
        switch self {
        case .rota: "rota"
        case .external(let kind): "external:\(kind)"
        }
    }
}

/// The state of a token. Revoked and expired tokens stay listed.
package enum TokenState: String, Sendable, CaseIterable {
    case active, quarantined, revoked, expired
}

/// The state of one version of a token (DESIGN section 5). States only move forward.
package enum VersionState: String, Sendable, CaseIterable {
    case pending, current, previous, unconfirmed, revoked, expired

    /// Whether a value in this state is accepted while its token is active.
    package var authenticates: Bool {
        switch self {
        case .pending, .current, .previous, .unconfirmed: true
        case .revoked, .expired: false
        }
    }

    /// The states that authenticate, in the order of `allCases`.
    package static let authenticating = allCases.filter(\.authenticates)
}

/// What is known of the use of a token. Only the first two can make a token "unused".
package enum Usage: Hashable, Sendable {
    case lastUsed(Instant)
    /// Watched since then, and never used.
    case neverUsed(since: Instant)
    case unknown
}

/// Whether we saw a fact ourselves or were told it by an import.
package enum Provenance: String, Sendable {
    case observed, asserted
}

/// One token as the inventory knows it: what policies are evaluated over.
package struct Token: Hashable, Sendable {
    package var id: TokenID
    /// +1 for each audited change; a use is not a change.
    package var revision: Int64
    package var name: String
    package var description: String
    package var owner: String
    package var integration: String
    package var scopes: [String]
    package var labels: [String: String]
    package var prefix: String
    package var issuer: Issuer
    package var externalID: String?
    package var state: TokenState
    package var createdAt: Instant
    package var createdBy: String
    /// The end of the token and of all its versions; nil: valid until revoked.
    package var expiresAt: Instant?
    package var usage: Usage
    /// Up to when an import says that it was not used again; nil when no import spoke of its use.
    package var usageAssertedUntil: Instant?
    /// From how many places it was used, as far as those who asked told.
    package var seenFrom: SeenFrom
    /// From when on a tracker can see it used: since we know the digest of its value; nil: it cannot.
    package var watchedSince: Instant?
    /// When it was last taken out of quarantine; it is idle since then at the most.
    package var restoredAt: Instant?
    /// Why, when and by whom it ended; nil while it is active or quarantined.
    package var end: TokenEnd?
    package var values: ValueSummary
    /// How many destinations it has.
    package var destinationCount: Int
    /// Where its dates come from.
    package var provenance: Provenance

    package init(
        id: TokenID, revision: Int64 = 1, name: String, description: String = "", owner: String = "",
        integration: String = "", scopes: [String] = [], labels: [String: String] = [:],
        prefix: String = TokenValue.defaultPrefix, issuer: Issuer = .rota, externalID: String? = nil,
        state: TokenState = .active, createdAt: Instant, createdBy: String = "", expiresAt: Instant? = nil,
        usage: Usage = .unknown, usageAssertedUntil: Instant? = nil, seenFrom: SeenFrom = SeenFrom(),
        watchedSince: Instant? = nil, restoredAt: Instant? = nil, end: TokenEnd? = nil, values: ValueSummary,
        destinationCount: Int = 0, provenance: Provenance = .observed
    ) {
        self.id = id
        self.revision = revision
        self.name = name
        self.description = description
        self.owner = owner
        self.integration = integration
        self.scopes = scopes
        self.labels = labels
        self.prefix = prefix
        self.issuer = issuer
        self.externalID = externalID
        self.state = state
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.usage = usage
        self.usageAssertedUntil = usageAssertedUntil
        self.seenFrom = seenFrom
        self.watchedSince = watchedSince
        self.restoredAt = restoredAt
        self.end = end
        self.values = values
        self.destinationCount = destinationCount
        self.provenance = provenance
    }

    /// Whether its values authenticate at `now`: active, and not past its end.
    package func canAuthenticate(at now: Instant) -> Bool {
        state == .active && expiresAt.map { now < $0 } ?? true
    }

    /// The instant from which idleness counts; nil when use is unknown.
    ///
    /// Nobody could use it in quarantine, so that it counts from its restoration anew.
    package var idleSince: Instant? {
        let since: Instant? =
            switch usage {
            case .lastUsed(let instant): instant
            case .neverUsed(let since): max(since, createdAt)
            case .unknown: nil
            }
        guard let since, let restoredAt else { return since }
        return max(since, restoredAt)
    }
}

/// How a token ended.
package struct TokenEnd: Hashable, Sendable {
    package var at: Instant
    package var by: String
    package var cause: String

    package init(at: Instant, by: String, cause: String) {
        self.at = at
        self.by = by
        self.cause = cause
    }
}

/// What evaluation needs to know of a token's versions, kept beside the token by the store's one gate.
package struct ValueSummary: Hashable, Sendable {
    /// The number of the current version; nil when the token has none (revoked, or held by another issuer).
    package var current: Int?
    /// When the current version was issued; nil when not known.
    package var currentIssuedAt: Instant?
    /// When the oldest version that authenticates was issued; nil when not known.
    package var oldestIssuedAt: Instant?
    /// A rotation is claimed or has a pending version.
    package var rotationOpen: Bool
    /// A `previous` or `unconfirmed` version still authenticates.
    package var awaitingRetirement: Bool
    /// When the last of them may be retired; nil when there is none.
    package var overlapEndsAt: Instant?

    package init(
        current: Int? = 1, currentIssuedAt: Instant?, oldestIssuedAt: Instant? = nil,
        rotationOpen: Bool = false, awaitingRetirement: Bool = false, overlapEndsAt: Instant? = nil
    ) {
        self.current = current
        self.currentIssuedAt = currentIssuedAt
        self.oldestIssuedAt = oldestIssuedAt ?? currentIssuedAt
        self.rotationOpen = rotationOpen
        self.awaitingRetirement = awaitingRetirement
        self.overlapEndsAt = overlapEndsAt
    }
}
