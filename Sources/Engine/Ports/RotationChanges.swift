package import RotaCore

/// A rotation that is not finished.
package struct Rotation: Hashable, Sendable {
    /// How far a rotation has come.
    package enum Phase: String, Sendable {
        /// From the claim to the promotion.
        case open
        /// Promoted; an older version is still valid.
        case overlap
        /// Nothing older is left valid.
        case done
        /// Given up before anything was armed, or ended by a revocation.
        case closed
    }

    package var id: Int64
    package var tokenID: TokenID
    /// The current version when it was claimed; 0 when there was none.
    package var fromVersion: Int
    /// The version that it is pushing; nil before one is armed.
    package var toVersion: Int?
    package var phase: Phase
    package var overlap: TimeSpan
    package var cap: OverlapCap
    package var claimedAt: Instant
    package var claim: Change
    /// What called for it; nil when a person did.
    package var trigger: RotationTrigger?
    /// How many times it was tried and did not come to its end.
    package var failures: Int
    /// How many of its values a vault would not have.
    package var rejections: Int
    package var nextAttemptAt: Instant
    /// Why it did not, for people; nil while all is well.
    package var cause: String?
    /// When somebody was told that it does not get on: to its promotion, or afterwards past its guard; nil: nobody
    /// was.
    package var alarmedAt: Instant?
    /// When somebody was told that its older value is in use past the cap; nil: nobody was.
    package var useAlarmedAt: Instant?
    /// When its value became current; nil: it has not.
    package var promotedAt: Instant?
    /// The token's end when it was claimed; nil: it had none, or that is not known.
    package var endAtClaim: Instant?

    package init(
        id: Int64, tokenID: TokenID, fromVersion: Int, toVersion: Int?, phase: Phase, overlap: TimeSpan,
        cap: OverlapCap = OverlapCap(),
        claimedAt: Instant, claim: Change, trigger: RotationTrigger?, failures: Int, rejections: Int = 0,
        nextAttemptAt: Instant,
        cause: String?, alarmedAt: Instant? = nil, useAlarmedAt: Instant? = nil, promotedAt: Instant? = nil,
        endAtClaim: Instant? = nil
    ) {
        self.id = id
        self.tokenID = tokenID
        self.fromVersion = fromVersion
        self.toVersion = toVersion
        self.phase = phase
        self.overlap = overlap
        self.cap = cap
        self.claimedAt = claimedAt
        self.claim = claim
        self.trigger = trigger
        self.failures = failures
        self.rejections = rejections
        self.nextAttemptAt = nextAttemptAt
        self.cause = cause
        self.alarmedAt = alarmedAt
        self.useAlarmedAt = useAlarmedAt
        self.promotedAt = promotedAt
        self.endAtClaim = endAtClaim
    }

    /// Whether its promotion leaves the token the end that it has, though a renewal was asked for: somebody has moved
    /// it since the claim, or may have.
    package func leavesEnd(of token: Token) -> Bool {
        trigger?.renewal != nil && (endAtClaim == nil || token.expiresAt != endAtClaim)
    }
}

/// The verdict that called for a rotation.
package struct RotationTrigger: Hashable, Sendable {
    package var policy: String
    package var rule: String
    /// The reason's stable code.
    package var reason: String
    /// The reason in a sentence.
    package var message: String
    package var deadline: Instant?
    /// The end that the token gets at the promotion, counted from there, unless somebody has moved it since the claim;
    /// nil: it keeps its own.
    package var renewal: TimeSpan?

    package init(
        policy: String, rule: String, reason: String, message: String, deadline: Instant?, renewal: TimeSpan? = nil
    ) {
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.deadline = deadline
        self.renewal = renewal
    }
}

/// How far one version has come in one destination.
package struct Push: Hashable, Sendable {
    /// How far one push has come.
    package enum State: String, Sendable {
        case unsent, sending, verified, fenced
    }

    package var version: Int
    package var destinationID: Int64
    package var state: State
    /// The base of the probe that the last attempt was armed with; nil while unsent.
    package var base: String?
    /// The base of the first attempt since it was unsent or fenced: from there on the value may have been visible.
    /// Nil while unsent, and where it is not known.
    package var firstBase: String?
    /// +1 for each `sending`.
    package var attempt: Int
    /// The base at which the value was read back.
    package var verifiedBase: String?

    package init(
        version: Int, destinationID: Int64, state: State = .unsent, base: String? = nil, firstBase: String? = nil,
        attempt: Int = 0, verifiedBase: String? = nil
    ) {
        self.version = version
        self.destinationID = destinationID
        self.state = state
        self.base = base
        self.firstBase = firstBase
        self.attempt = attempt
        self.verifiedBase = verifiedBase
    }
}

/// The transitions of DESIGN section 5. All compare and set: false means that the state was another one.
package protocol RotationChanges {
    /// Step 1. Opens a rotation of an active token from its current version, and takes it up; nil when one is
    /// open (any phase but done and closed), or the current version is not `fromVersion`, or it is not active.
    func claimRotation(
        of id: TokenID, fromVersion: Int, overlap: TimeSpan, cap: OverlapCap, trigger: RotationTrigger?,
        change: Change
    ) throws -> Rotation?
    /// Ends a rotation that is in its overlap, so that another one can be claimed in the same transaction: that
    /// one retires the older versions, which keep their ends. False when none is in its overlap.
    func supersedeOverlap(of id: TokenID, change: Change) throws -> Bool
    /// Makes this process the one that drives an unfinished rotation, until `letGo` or its end, however it
    /// ends. False when somebody drives it already. It only saves work: what keeps two drivers from harm is
    /// that every transition is conditional.
    func takeUp(_ rotation: Int64) -> Bool
    func letGo(_ rotation: Int64)
    /// Gives a claim up that leaves nothing behind; false when a version is pending, or unconfirmed without an
    /// end. A rotation whose place it took is in its overlap again, as it was.
    func closeRotation(_ rotation: Int64, change: Change) throws -> Bool
    /// Step 3. Adds a pending version with its digest, and an `unsent` row for each destination. Nil when
    /// the rotation is not open, has a pending version, or three versions authenticate already. Throws
    /// `StoreError.refused` where one of the destinations is not the token's any more.
    func arm(
        _ rotation: Int64, digest: Digest, hint: String, destinations: [Int64], change: Change
    ) throws -> Int?
    /// Step 4. Row to `sending` with the base of the probe, which is also the first base unless the row was `sending`
    /// before; attempt +1. Only while the version is pending,
    /// its token active, and the row is not verified and still at `attempt`; with `ordered`, never to a lower base.
    /// Returns the new attempt. Not audited one by one: the row itself is the record.
    func markSending(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, ordered: Bool,
        at now: Instant
    ) throws -> Int?
    /// Step 6. Row to `verified` while its attempt is the one that was read before the value was, and the version is
    /// pending; or current, and the row `sending`: what a filling ends with.
    func markVerified(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, at now: Instant
    ) throws -> Bool
    /// Recovery. A destination whose emptiness cannot be fenced is about to be given the value of `current`: the row of
    /// that one there, added where there is none, to `sending` with the base of the read that saw emptiness and
    /// another attempt. One that is verified stays so. Only while `version` is pending, its token active, its row
    /// there `sending` and still at `attempt`, and `current` is the current version. Answers the row as it is then.
    func markFilling(
        _ token: TokenID, with current: Int, version: Int, destination: Int64, attempt: Int, base: String,
        at now: Instant
    ) throws -> Push?
    /// Recovery. Row from `sending` to `fenced`, while the version is pending and the attempt unchanged.
    func markFenced(_ token: TokenID, version: Int, destination: Int64, attempt: Int, at now: Instant) throws -> Bool
    /// Recovery. The pending version can be nowhere: every row is unsent or fenced. Pending to revoked.
    func discardPending(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// A vault would not have a value of an open rotation. Answers how many it were until now; 0 when it is not open.
    /// Not audited by itself: what follows is.
    func noteRejection(_ rotation: Int64) throws -> Int
    /// Recovery. The pending version may be somewhere and cannot be fenced: pending to unconfirmed.
    func leaveUnconfirmed(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Step 7. When every row is verified: pending to current, current to previous, which ends with the
    /// overlap, as any unconfirmed does; event `token.rotated`.
    func promote(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Brings the ends of the older versions of a rotation in its overlap forward to `end`, where they are later;
    /// never back. Nothing else of their retirement changes. Answers which ones.
    func lowerEnds(of token: TokenID, to end: Instant, change: Change) throws -> [Int]
    /// Step 10. A previous or unconfirmed version past its end to revoked, where a newer version is
    /// verified in every destination that it was ever being sent to, or it is fenced there; event
    /// `token.version_retired`. The rotation is done when nothing older is left valid.
    ///
    /// - Parameters:
    ///   - evidence: what the uses that are written down must show (step 8); nil: they do not matter.
    ///   - inUse: it is still needed, as far as is known: audit entry and event say by whom it was used last.
    func retire(_ token: TokenID, version: Int, evidence: OverlapEvidence?, inUse: Bool, change: Change) throws -> Bool
    /// Step 8. Ends an overlap before its time: the ends of these older versions become now, and all of them are
    /// retired as by `retire`, or nothing is changed and the answer is false.
    func retireEarly(_ token: TokenID, _ versions: [Int], evidence: OverlapEvidence, change: Change) throws -> Bool
    /// Step 8. An overlap goes on: why, once that is worth a word, and when to look again. Audited only while there is
    /// something in the way, since nothing else has changed.
    func prolongOverlap(_ rotation: Int64, cause: String?, nextAttemptAt: Instant, at now: Instant) throws
    /// Step 8. An older value is in use past the cap: event `token.rotation_stuck` with who uses it, once, whatever
    /// was told of a stall. False when it was told before.
    func raiseAlarm(_ rotation: Int64, version: Int, change: Change) throws -> Bool
    /// Records that a rotation could not go on: cause and next attempt; with `tells` also event
    /// `token.rotation_stuck`, once until the promotion and once after it.
    func stall(_ rotation: Int64, cause: String, nextAttemptAt: Instant, tells: Bool, at now: Instant) throws
}
