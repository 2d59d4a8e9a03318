package import RotaCore

/// One token to be rotated.
package struct RotationRequest: Hashable, Sendable {
    package var tokenID: TokenID
    /// The revision that the decision was made on: a token that has changed since is skipped. Nil: any.
    package var revision: Int64?
    /// The version that must be the current one when it is claimed. Nil: whichever is.
    package var fromVersion: Int?
    package var overlap: TimeSpan
    package var cap: OverlapCap
    /// What called for it; nil when a person did.
    package var trigger: RotationTrigger?
    /// Whether it takes the place of a rotation that is in its overlap; a policy waits for that one's end.
    package var supersedes: Bool
    package var change: Change

    package init(
        tokenID: TokenID, revision: Int64?, fromVersion: Int? = nil, overlap: TimeSpan,
        cap: OverlapCap = OverlapCap(), trigger: RotationTrigger?, supersedes: Bool = false, change: Change
    ) {
        self.tokenID = tokenID
        self.revision = revision
        self.fromVersion = fromVersion
        self.overlap = overlap
        self.cap = cap
        self.trigger = trigger
        self.supersedes = supersedes
        self.change = change
    }
}

/// What became of one rotation in this pass.
package struct RotationResult: Hashable, Sendable {
    package var tokenID: TokenID
    /// `done`, `started` (in its overlap; or stalled, when there is a cause), `blocked`, `skipped`, `failed`.
    package var outcome: Outcome
    package var blocked: BlockedReason?
    /// For people: why it is not further than it is.
    package var cause: String?
    /// For people: what they must know all the same, such as who still used a value that has ended.
    package var remark: String?
    /// It was claimed, and how far it came is in the store: later runs go on with it, though it is `skipped` now.
    package var isBegun = false

    package init(_ tokenID: TokenID, _ outcome: Outcome, blocked: BlockedReason? = nil, cause: String? = nil) {
        self.tokenID = tokenID
        self.outcome = outcome
        self.blocked = blocked
        self.cause = cause
    }

    /// Later runs go on with it, but something is in its way.
    package var isStalled: Bool { outcome == .started && cause != nil }
}

/// What a pass over the unfinished rotations of earlier runs did.
package struct RecoveryResult: Hashable, Sendable {
    /// Rotations that were driven on, with where they are now.
    package var rotations: [RotationResult]
    /// How many versions were retired.
    package var retired: Int

    package init(rotations: [RotationResult], retired: Int) {
        self.rotations = rotations
        self.retired = retired
    }

    mutating func add(_ other: RecoveryResult) {
        rotations += other.rotations
        retired += other.retired
    }
}
