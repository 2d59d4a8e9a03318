package import RotaCore

/// An action that is called for and cannot be taken. One of a token at a time, as its action is one.
package struct Block: Hashable, Sendable {
    package var tokenID: TokenID
    package var action: Action
    package var policy: String
    package var rule: String
    package var reason: BlockedReason
    /// For people: the reason, with the place where there is one.
    package var cause: String
    package var since: Instant

    package init(
        tokenID: TokenID, action: Action, policy: String, rule: String, reason: BlockedReason, cause: String,
        since: Instant
    ) {
        self.tokenID = tokenID
        self.action = action
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.cause = cause
        self.since = since
    }
}

/// What is remembered of blocked actions, so that somebody is told of each once.
package protocol BlockChanges {
    /// Writes down that an action is blocked; with `announce`, event `token.rotation_stuck`. False when the same
    /// action of the token is known to be blocked for the same reason.
    func openBlock(_ block: Block, announce: Bool, change: Change) throws -> Bool
    /// It is not blocked any more, or not called for. False when another one, or none, is known of the token.
    func closeBlock(_ block: Block, change: Change) throws -> Bool
}
