package import RotaCore

/// One use of a token's value, as whoever answers for it saw it: an introspection, or a request let through.
package struct Use: Hashable, Sendable {
    /// Whether the value was accepted.
    package enum Outcome: Hashable, Sendable {
        case accepted
        /// Revoked, expired, quarantined, or not allowed that scope. Counted apart; it never makes a token used.
        case refused
    }

    package var tokenID: TokenID
    package var version: Int
    package var at: Instant
    package var outcome: Outcome
    /// Where it came from, such as an address; nil when the caller does not tell.
    package var source: String?
    /// What presented it, such as a user agent; nil when the caller does not tell.
    package var agent: String?
    /// The scopes that this use needed, as far as the caller tells.
    package var scopes: [String]
    /// A rotation of its token is not over, and who uses which value will soon be asked: it is written down at once.
    package var isInOverlap: Bool

    package init(
        tokenID: TokenID, version: Int, at: Instant, outcome: Outcome = .accepted, source: String? = nil,
        agent: String? = nil, scopes: [String] = [], isInOverlap: Bool = false
    ) {
        self.tokenID = tokenID
        self.version = version
        self.at = at
        self.outcome = outcome
        self.source = source
        self.agent = agent
        self.scopes = scopes
        self.isInOverlap = isInOverlap
    }
}
