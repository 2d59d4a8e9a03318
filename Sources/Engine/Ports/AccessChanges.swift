package import RotaCore

/// Somebody asked for a token that he may not know of, and was answered as if there were none.
package struct RefusedAccess: Hashable, Sendable {
    /// What its audit entry says was done.
    package static let action = "access.refused"

    /// The one that he asked for.
    package var token: TokenID
    /// Who he is: by his token, and where he asked from.
    package var callerID: TokenID
    package var actor: AuditActor
    package var at: Instant
    /// How many others, of anybody, were not kept since the one before.
    package var untold = 0

    package init(token: TokenID, callerID: TokenID, actor: AuditActor, at: Instant) {
        self.token = token
        self.callerID = callerID
        self.actor = actor
        self.at = at
    }
}

/// What is remembered of those who ask for what is not theirs.
package protocol AccessChanges {
    /// Writes one audit entry, and no event.
    func recordRefusal(_ refusal: RefusedAccess) throws
}
