package import RotaCore

/// The token store: reads, and the one gate through which anything changes.
///
/// Calls block and belong to one thread; `StoreQueue` puts one behind an asynchronous face. Every function
/// that changes something must be called within `transaction`, is conditional on the state that it names,
/// and writes its audit entry and its outgoing events in the same transaction. `Change` says who did it,
/// when and why. A condition that does not hold is an ordinary answer (false or nil), never an error.
package protocol Store: AnyObject, StoreReads, TokenChanges, RotationChanges, RunChanges, DeliveryChanges {
    /// Runs `body` in one durable write transaction. When `body` throws, nothing of it stays.
    ///
    /// Throws `StoreError.outcomeUnknown` when COMMIT failed: the process must then make no further
    /// external effect (I11).
    func transaction<R>(_ body: () throws -> R) throws -> R

    /// Runs `body` so that its changes alone are undone when it throws; only within `transaction`.
    func savepoint<R>(_ body: () throws -> R) throws -> R

    func close()
}

/// Who changes something, when and why: recorded in the audit entry of each change.
package struct Change: Hashable, Sendable {
    /// Such as `cli:alice`, `policy:production-rotation`, `rota` for recovery.
    package var actor: String
    package var at: Instant
    /// One sentence; with the policy's reason code where there is one.
    package var cause: String
    /// The run that it belongs to.
    package var run: String?

    package init(actor: String, at: Instant, cause: String, run: String? = nil) {
        self.actor = actor
        self.at = at
        self.cause = cause
        self.run = run
    }
}

/// Why the store could not do it.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// COMMIT failed: it may or may not be on disk.
    case outcomeUnknown(String)
    case busy(String)
    /// Not a store, a newer one, damaged, or somebody else's; with a hint what to do.
    case unusable(String, hint: String)
    /// A name that another active token has.
    case nameTaken(String)
    /// A destination that another live token has: the place, and that token's name.
    case placeTaken(String, by: String)
    /// What was asked does not go with the state that things are in; with a hint what to do.
    case refused(String, hint: String)
    case failed(String)

    package var description: String {
        switch self {
        case .outcomeUnknown(let what): "the store may or may not have kept the last change: \(what)"
        case .busy(let what): "the store is busy: \(what)"
        case .unusable(let what, _): what
        case .nameTaken(let name): "an active token named '\(name)' exists already"
        case .placeTaken(let place, let name): "\(place) is a destination of '\(name)' already"
        case .refused(let what, _): what
        case .failed(let what): "the store failed: \(what)"
        }
    }
}

/// Which store this is.
package struct StoreIdentity: Hashable, Sendable {
    /// Made once by `rota init`.
    package var instance: String
    /// Which life of the store this is, from 1.
    package var generation: Int64
    package var createdAt: Instant

    package init(instance: String, generation: Int64, createdAt: Instant) {
        self.instance = instance
        self.generation = generation
        self.createdAt = createdAt
    }
}

/// Everything that can be asked.
package protocol StoreReads {
    func identity() throws -> StoreIdentity

    func token(_ id: TokenID) throws -> Token?
    /// By id, or by the name of an active or quarantined token, else of the token of that name that ended last.
    func token(named nameOrID: String) throws -> Token?
    func token(issuer: Issuer, externalID: String) throws -> Token?
    func versions(of id: TokenID) throws -> [Version]
    func destinations(of id: TokenID) throws -> [Destination]
    /// The active or quarantined token, other than `id`, that has this place among its destinations.
    func holder(of place: Destination, otherThan id: TokenID?) throws -> Token?
    /// Active tokens that have no value: the first one did not reach its destinations. By name.
    func tokensWithoutValue(limit: Int) throws -> [Token]
    /// The token and version with this digest, whatever their states.
    func version(with digest: Digest) throws -> (token: Token, version: Version)?

    /// Streams tokens in the order of name then id, in flat memory; `each` returns false to stop.
    /// `states` empty: all.
    func eachToken(states: [TokenState], _ each: (Token) throws -> Bool) throws

    /// Streams the tokens of one index range: a superset of the active tokens with a due or violating
    /// verdict, or a deadline up to `lookahead` away. The same token may come more than once for different queries.
    func eachCandidate(_ query: CandidateQuery, _ each: (Token) throws -> Bool) throws
    /// How many active tokens there are.
    func countActive() throws -> Int

    /// Rotations that are not finished: claimed, with a pending version, or with a version to retire.
    func openRotations() throws -> [Rotation]
    func rotation(of id: TokenID) throws -> Rotation?
    /// The push rows of all versions of a token.
    func pushes(of id: TokenID) throws -> [Push]

    func openFindings() throws -> [Finding]
    func findings(of id: TokenID) throws -> [Finding]

    /// Audit entries, oldest first, from an entry number on; `each` returns false to stop.
    func eachAuditEntry(from number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws
    /// Audit entries below a number, newest first; `each` returns false to stop.
    func eachAuditEntry(below number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws
    /// Actions of runs that finished within a period, oldest first.
    func eachRunAction(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws
    /// Rotations whose new value became current within a period, oldest first, each told as an action that
    /// is done. One that a person asked for has no policy, and may have no run.
    func eachPromotion(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws
    /// Rotations that a run claimed and that are not among its recorded actions, told as what they are now.
    func unrecordedRotations(of run: String, at now: Instant) throws -> [RecordedAction]
    /// How many recorded actions of a run came to which outcome.
    func outcomes(of run: String) throws -> [Outcome: Int]
    func lastRun() throws -> RunRecord?

    /// Deliveries to be tried now, oldest event first.
    func dueDeliveries(endpoint: String, at now: Instant, limit: Int) throws -> [Delivery]
    /// When the next delivery that waits for this endpoint becomes due; nil when none waits.
    func nextDeliveryDue(endpoint: String) throws -> Instant?
    func deliveryCounts() throws -> DeliveryCounts
}

/// One index range over active tokens; one query for each rule, since an OR over indexes is a scan.
package enum CandidateQuery: Hashable, Sendable {
    /// The oldest value that authenticates was issued at or before this.
    case issuedAtOrBefore(Instant)
    /// Idle since this instant or longer.
    case idleSinceAtOrBefore(Instant)
    case withoutExpiry
    /// `expires_at - created_at` is more than this.
    case lifetimeMoreThan(TimeSpan)
    /// Ends after this.
    case expiresAfter(Instant)
    /// Ended already: `expires_at` at or before this, and still listed as active.
    case expiredAtOrBefore(Instant)
}

/// Everything that changes tokens outside rotations.
package protocol TokenChanges {
    /// Adds a token with its first version and destinations; event `token.issued` unless it was imported.
    /// Throws `StoreError.nameTaken`, and `StoreError.placeTaken` where a live token would share a destination.
    func addToken(_ token: Token, version: Version?, destinations: [Destination], change: Change) throws
    /// Replaces name, description, owner, integration, scopes, labels, prefix and expiry; nothing else.
    /// Audited and +1 revision only when something differs; returns whether it did.
    func editToken(_ token: Token, change: Change) throws -> Bool
    /// Throws `StoreError.placeTaken` when another live token has it.
    func addDestination(_ destination: Destination, to id: TokenID, change: Change) throws
    /// Takes a place away from a token, with the push rows that led there. False when it is not there, or a
    /// rotation of the token is not finished. What the vault holds stays as it is.
    func removeDestination(_ destination: Destination, from id: TokenID, change: Change) throws -> Bool
    /// Ends a token and every version of it at once, and closes its rotation; event `token.revoked`.
    /// False when it had ended already.
    func revokeToken(_ id: TokenID, change: Change) throws -> Bool
    /// Marks a token whose end has passed `expired`, with all its versions. False when it is not past it.
    func expireToken(_ id: TokenID, change: Change) throws -> Bool
    /// Writes one audit entry for a whole import: file name, digest, totals.
    func recordImport(_ summary: ImportSummary, change: Change) throws
}

/// What an import did, for its one audit entry and event.
package struct ImportSummary: Hashable, Sendable {
    package var file: String
    /// `sha256:<hex>` of the file.
    package var digest: String
    package var rows: Int
    package var added: Int
    package var updated: Int
    package var unchanged: Int

    package init(file: String, digest: String, rows: Int, added: Int, updated: Int, unchanged: Int) {
        self.file = file
        self.digest = digest
        self.rows = rows
        self.added = added
        self.updated = updated
        self.unchanged = unchanged
    }
}

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
    package var claimedAt: Instant
    package var claim: Change
    /// What called for it; nil when a person did.
    package var trigger: RotationTrigger?
    /// How many times it was tried and did not come to its end.
    package var failures: Int
    package var nextAttemptAt: Instant
    /// Why it did not, for people; nil while all is well.
    package var cause: String?

    package init(
        id: Int64, tokenID: TokenID, fromVersion: Int, toVersion: Int?, phase: Phase, overlap: TimeSpan,
        claimedAt: Instant, claim: Change, trigger: RotationTrigger?, failures: Int, nextAttemptAt: Instant,
        cause: String?
    ) {
        self.id = id
        self.tokenID = tokenID
        self.fromVersion = fromVersion
        self.toVersion = toVersion
        self.phase = phase
        self.overlap = overlap
        self.claimedAt = claimedAt
        self.claim = claim
        self.trigger = trigger
        self.failures = failures
        self.nextAttemptAt = nextAttemptAt
        self.cause = cause
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

    package init(policy: String, rule: String, reason: String, message: String, deadline: Instant?) {
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.deadline = deadline
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
    /// +1 for each `sending`.
    package var attempt: Int
    /// The base at which the value was read back.
    package var verifiedBase: String?

    package init(
        version: Int, destinationID: Int64, state: State = .unsent, base: String? = nil, attempt: Int = 0,
        verifiedBase: String? = nil
    ) {
        self.version = version
        self.destinationID = destinationID
        self.state = state
        self.base = base
        self.attempt = attempt
        self.verifiedBase = verifiedBase
    }
}

/// The transitions of DESIGN section 5. All compare and set: false means that the state was another one.
package protocol RotationChanges {
    /// Step 1. Opens a rotation of an active token from its current version; nil when one is open (any
    /// phase but done and closed), or the current version is not `fromVersion`, or it is not active.
    func claimRotation(
        of id: TokenID, fromVersion: Int, overlap: TimeSpan, trigger: RotationTrigger?, change: Change
    ) throws -> Rotation?
    /// Gives a claim up that leaves nothing behind; false when a version is pending or unconfirmed.
    func closeRotation(_ rotation: Int64, change: Change) throws -> Bool
    /// Step 3. Adds a pending version with its digest, and an `unsent` row for each destination. Nil when
    /// the rotation is not open, has a pending version, or three versions authenticate already.
    func arm(
        _ rotation: Int64, digest: Digest, hint: String, destinations: [Int64], change: Change
    ) throws -> Int?
    /// Step 4. Row to `sending` with the base of the probe; attempt +1. Only while the version is pending,
    /// its token active, and the row is not verified and still at `attempt`; with `ordered`, never to a lower base.
    /// Returns the new attempt. Not audited one by one: the row itself is the record.
    func markSending(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, ordered: Bool,
        at now: Instant
    ) throws -> Int?
    /// Step 6. Row to `verified` while the version is pending.
    func markVerified(
        _ token: TokenID, version: Int, destination: Int64, base: String, at now: Instant
    ) throws -> Bool
    /// Recovery. Row from `sending` to `fenced`, while the version is pending and the attempt unchanged.
    func markFenced(_ token: TokenID, version: Int, destination: Int64, attempt: Int, at now: Instant) throws -> Bool
    /// Recovery. The pending version can be nowhere: every row is unsent or fenced. Pending to revoked.
    func discardPending(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Recovery. The pending version may be somewhere and cannot be fenced: pending to unconfirmed.
    func leaveUnconfirmed(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Step 7. When every row is verified: pending to current, current to previous, which ends with the
    /// overlap, as any unconfirmed does; event `token.rotated`.
    func promote(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Step 10. A previous or unconfirmed version past its end to revoked, where a newer version is
    /// verified in every destination that it was ever being sent to, or it is fenced there; event
    /// `token.version_retired`. The rotation is done when nothing older is left valid.
    func retire(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Records that a rotation could not go on: cause and next attempt.
    func stall(_ rotation: Int64, cause: String, nextAttemptAt: Instant, at now: Instant) throws
}

/// An open violation.
package struct Finding: Hashable, Sendable {
    package var id: Int64
    package var tokenID: TokenID
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var openedAt: Instant
    package var closedAt: Instant?

    package init(
        id: Int64 = 0, tokenID: TokenID, policy: String, rule: String, reason: String, message: String,
        openedAt: Instant, closedAt: Instant? = nil
    ) {
        self.id = id
        self.tokenID = tokenID
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.openedAt = openedAt
        self.closedAt = closedAt
    }
}

/// One pass, as it is recorded.
package struct RunRecord: Hashable, Sendable {
    package var id: String
    /// The plan's digest; nil before there is one.
    package var plan: String?
    /// How many actions the plan has.
    package var planned: Int?
    package var actor: String
    package var startedAt: Instant
    package var finishedAt: Instant?
    /// Why it did nothing; nil when it ran.
    package var aborted: String?

    package init(
        id: String, plan: String? = nil, planned: Int? = nil, actor: String, startedAt: Instant,
        finishedAt: Instant? = nil, aborted: String? = nil
    ) {
        self.id = id
        self.plan = plan
        self.planned = planned
        self.actor = actor
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.aborted = aborted
    }
}

/// An action of a run with its outcome.
package struct RecordedAction: Hashable, Sendable {
    package var run: String
    package var tokenID: TokenID
    package var name: String
    package var action: Action
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var deadline: Instant?
    package var outcome: Outcome
    package var cause: String?
    package var at: Instant

    package init(
        run: String, tokenID: TokenID, name: String, action: Action, policy: String, rule: String, reason: String,
        message: String, deadline: Instant?, outcome: Outcome, cause: String?, at: Instant
    ) {
        self.run = run
        self.tokenID = tokenID
        self.name = name
        self.action = action
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.deadline = deadline
        self.outcome = outcome
        self.cause = cause
        self.at = at
    }
}

/// What runs record.
package protocol RunChanges {
    /// Writes a run down that has no plan yet. Until `finishRun`, or until this process ends, however it
    /// ends, no other one takes the run for interrupted.
    func beginRun(_ run: RunRecord, change: Change) throws
    /// Writes down what it is going to do: the plan's digest, and how many actions it has.
    func planRun(_ id: String, digest: String, actions: Int, change: Change) throws
    /// Runs that were begun and not finished, and whose process is gone.
    func interruptedRuns() throws -> [RunRecord]
    func recordActions(_ actions: [RecordedAction]) throws
    /// Event `run.completed`, or `run.aborted` with its reason. `totals`: outcome to count.
    func finishRun(_ id: String, aborted: String?, totals: [Outcome: Int], change: Change) throws
    /// Opens a finding once for each (token, policy, rule); with `announce`, event `policy.violated`.
    /// Returns false when it is open already.
    func openFinding(_ finding: Finding, announce: Bool, change: Change) throws -> Bool
    func closeFinding(_ id: Int64, how: String, change: Change) throws
}

/// One entry of the audit log.
package struct AuditEntry: Hashable, Sendable {
    package var number: Int64
    package var at: Instant
    package var actor: String
    /// Such as `token.revoke`.
    package var action: String
    /// The id of what it was done to.
    package var object: String
    /// Canonical JSON of the whole entry, with the after-image of what changed.
    package var body: String

    package init(number: Int64, at: Instant, actor: String, action: String, object: String, body: String) {
        self.number = number
        self.at = at
        self.actor = actor
        self.action = action
        self.object = object
        self.body = body
    }
}

/// One event on its way to one endpoint.
package struct Delivery: Hashable, Sendable {
    package var event: OutgoingEvent
    package var endpoint: String
    package var attempts: Int

    package init(event: OutgoingEvent, endpoint: String, attempts: Int) {
        self.event = event
        self.endpoint = endpoint
        self.attempts = attempts
    }
}

/// How many deliveries are in which state.
package struct DeliveryCounts: Hashable, Sendable {
    package var waiting: Int
    package var delivered: Int
    package var dead: Int

    package init(waiting: Int, delivered: Int, dead: Int) {
        self.waiting = waiting
        self.delivered = delivered
        self.dead = dead
    }
}

/// What becomes of events. Which endpoints an event goes to is settled when it is written: the store is
/// opened with the configured endpoints.
package protocol DeliveryChanges {
    func recordDelivered(_ event: String, to endpoint: String, status: Int, at now: Instant) throws
    /// `nextAttemptAt` nil: a dead letter.
    func recordFailed(
        _ event: String, to endpoint: String, status: Int?, cause: String, nextAttemptAt: Instant?, at now: Instant
    ) throws
}
