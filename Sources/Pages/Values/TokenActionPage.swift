package import RotaCore

/// What comes of an action on a token, before somebody says yes to it.
///
/// Posted to its own address: `reason`; for a rotation `overlap`; for a revocation `name`, where
/// `asksForName`.
package struct TokenActionPage: Page {
    /// Which action.
    package enum Kind: String, Sendable, CaseIterable {
        case rotate, revoke, quarantine, restore
        /// A revocation past whatever keeps all others from being done.
        case emergency
    }

    package var kind: Kind
    package var token: Token
    package var destinations: [Destination]
    /// Within 30 days.
    package var uses: [SeenUse]
    package var quarantine: QuarantineOutlook?
    /// As filled in, or proposed.
    package var overlap: String
    package var reason: String
    /// What is wrong, by field.
    package var errors: [String: String]
    /// Why it cannot be done at all.
    package var obstacle: String?
    /// It is only for now that it cannot be done: destructive actions are on hold.
    package var isHeld: Bool

    package init(
        kind: Kind, token: Token, destinations: [Destination] = [], uses: [SeenUse] = [],
        quarantine: QuarantineOutlook? = nil, overlap: String = "24h", reason: String = "",
        errors: [String: String] = [:], obstacle: String? = nil, isHeld: Bool = false
    ) {
        self.kind = kind
        self.token = token
        self.destinations = destinations
        self.uses = uses
        self.quarantine = quarantine
        self.overlap = overlap
        self.reason = reason
        self.errors = errors
        self.obstacle = obstacle
        self.isHeld = isHeld
    }

    /// Used within so long before, a token is only revoked by whoever types its name.
    package static let recent = TimeSpan.days(7)

    /// Whether the name has to be typed: always for what goes past a freeze, since somebody meant it to hold.
    package static func asksForName(_ kind: Kind, _ token: Token, at now: Instant) -> Bool {
        if kind == .emergency { return true }
        guard kind == .revoke, case .lastUsed(let last) = token.usage else { return false }
        return now - last < recent
    }
}
