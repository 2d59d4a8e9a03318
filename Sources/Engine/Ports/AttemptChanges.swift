package import RotaCore

/// Rotations that a policy called for and that came to nothing, one after the other: nothing was armed, so that no
/// open rotation tells of them. One row for a token, from the first failure until one is armed.
package struct FailedAttempts: Hashable, Sendable {
    package var tokenID: TokenID
    /// The policy that called for the last one.
    package var policy: String
    /// How many.
    package var count: Int
    /// Since the first one.
    package var since: Instant
    /// No policy's rotation is begun before; a person's is.
    package var nextAttemptAt: Instant
    /// For people: why the last one failed.
    package var cause: String
    /// When somebody was told; nil: nobody was.
    package var alarmedAt: Instant?

    package init(
        tokenID: TokenID, policy: String, count: Int, since: Instant, nextAttemptAt: Instant, cause: String,
        alarmedAt: Instant? = nil
    ) {
        self.tokenID = tokenID
        self.policy = policy
        self.count = count
        self.since = since
        self.nextAttemptAt = nextAttemptAt
        self.cause = cause
        self.alarmedAt = alarmedAt
    }
}

/// What is remembered of rotations that could not begin. Arming one ends it, and so does the end of its token.
package protocol AttemptChanges {
    /// Counts one more, whose claim was given up in this transaction, by `policy`; with `tells` also event
    /// `token.rotation_stuck`, once. Of those that follow one another the first is audited; so is the end of each
    /// claim.
    func noteFailedAttempt(
        of id: TokenID, policy: String, nextAttemptAt: Instant, tells: Bool, change: Change
    ) throws
    /// It is not called for any more, or something else is in the way; audited where there were any.
    func forgetFailedAttempts(of id: TokenID, change: Change) throws
}
