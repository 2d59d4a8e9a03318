package import JSON
package import RotaCore

/// The token store: reads, and the one gate through which anything changes.
///
/// Calls block and belong to one thread; `StoreQueue` puts one behind an asynchronous face. Every function
/// that changes something must be called within `transaction`, is conditional on the state that it names,
/// and writes its audit entry and its outgoing events in the same transaction. `Change` says who did it,
/// when and why. A condition that does not hold is an ordinary answer (false or nil), never an error; but for a brake:
/// what is destructive throws `StoreError.held` while there is one.
package protocol Store: AnyObject, StoreReads, TokenChanges, RotationChanges, RunChanges, DeliveryChanges,
    UsageChanges, ScheduleChanges, BlockChanges, AttemptChanges, BrakeChanges, QuarantineChanges, AbsenceChanges,
    DriftChanges, AccessChanges, NoticeChanges, WaiverChanges, PlanChanges, RequestKeyStore, CheckpointChanges,
    PolicyTextChanges, WitnessChanges, RetentionChanges
{
    /// Runs `body` in one durable write transaction. When `body` throws, nothing of it stays.
    ///
    /// Throws `StoreError.outcomeUnknown` when COMMIT failed: the process must then make no further
    /// external effect (I11).
    func transaction<R>(_ body: () throws -> R) throws -> R

    /// Runs `body`, which only reads, over one state of the store, whatever others commit meanwhile; not within
    /// `transaction`. Many reads cost less so than each by itself.
    func snapshot<R>(_ body: () throws -> R) throws -> R

    /// Runs `body`, which adds very many tokens with `addToken` and does nothing else; only within `transaction`,
    /// which must fail when this throws.
    ///
    /// The indexes over tokens are made anew at its end, which is many times quicker than to keep them up to date.
    /// So the caller has looked beforehand that no name, external id, digest or place is taken: within `body`
    /// nobody does, and at its end what is there twice fails without saying which.
    func load<R>(_ body: () throws -> R) throws -> R

    /// Runs `body` so that its changes alone are undone when it throws; only within `transaction`.
    func savepoint<R>(_ body: () throws -> R) throws -> R

    func close()
}

/// Who changes something, when and why: recorded in the audit entry of each change.
package struct Change: Hashable, Sendable {
    /// Such as `cli:alice`, `policy:production-rotation`, `rota` for recovery.
    package var actor: AuditActor
    package var at: Instant
    /// One sentence; with the policy's reason code where there is one.
    package var cause: String
    /// The run that it belongs to.
    package var run: String?
    /// Where it was read, for what a file asserts.
    package var source: FileLine?

    package init(actor: AuditActor, at: Instant, cause: String, run: String? = nil, source: FileLine? = nil) {
        self.actor = actor
        self.at = at
        self.cause = cause
        self.run = run
        self.source = source
    }
}

/// A line of a file.
package struct FileLine: Hashable, Sendable {
    /// `sha256:<hex>` of the whole file.
    package var digest: String
    /// From 1.
    package var line: Int

    package init(digest: String, line: Int) {
        self.digest = digest
        self.line = line
    }
}

/// Why the store could not do it.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// COMMIT failed: it may or may not be on disk.
    case outcomeUnknown(String)
    case busy(String)
    /// There is no room on its disk; nothing was changed.
    case full
    /// Not a store, a newer one, damaged, or somebody else's; with a hint what to do.
    case unusable(String, hint: String)
    /// A name that another active token has.
    case nameTaken(String)
    /// A destination that another live token has: the place, and that token's name.
    case placeTaken(String, by: String)
    /// What was asked does not go with the state that things are in; with a hint what to do.
    case refused(String, hint: String)
    /// Nothing destructive may be done now.
    case held(Brake)
    case failed(String)

    package var description: String {
        switch self {
        case .outcomeUnknown(let what): "the store may or may not have kept the last change: \(what)"
        case .busy(let what): "the store is busy: \(what)"
        case .full: "the disk of the store is full; nothing was changed"
        case .unusable(let what, _): what
        case .nameTaken(let name): "an active token named '\(name)' exists already"
        case .placeTaken(let place, let name): "\(place) is a destination of '\(name)' already"
        case .refused(let what, _): what
        case .held(let brake): brake.message
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
    /// Drawn when this life began, since a number is given again where a backup is restored twice. Empty in the first
    /// life, which the instance tells from any other, and in one that began before there was this.
    package var generationID: String
    package var createdAt: Instant

    package init(instance: String, generation: Int64, generationID: String = "", createdAt: Instant) {
        self.instance = instance
        self.generation = generation
        self.generationID = generationID
        self.createdAt = createdAt
    }
}

/// Everything that can be asked.
package protocol StoreReads: UsageReads, QuarantineReads, AbsenceReads, NoticeReads, WaiverReads,
    PlanReads, GaugeReads, TokenListReads, RunReads, CheckpointReads, WitnessReads, RetentionReads, EvidenceReads
{
    func identity() throws -> StoreIdentity
    /// What keeps anything destructive from being done; nil where nothing does.
    func brake(at now: Instant) throws -> Brake?
    /// The freeze that is in force, whatever else there is.
    func freeze(at now: Instant) throws -> Freeze?
    /// The freezes that were on at some time of a period, latest first: `PastFreeze.mostTold` at the most.
    func freezes(from start: Instant, to end: Instant) throws -> [PastFreeze]
    /// Why the store may not be the one that it says it is; nil where it is.
    func doubt() throws -> StoreDoubt?

    func token(_ id: TokenID) throws -> Token?
    /// By id, or by the name of an active or quarantined token, else of the token of that name that ended last.
    func token(named nameOrID: String) throws -> Token?
    /// By name alone: the active or quarantined token, else the one that ended last.
    func token(ofName name: String) throws -> Token?
    func token(issuer: Issuer, externalID: String) throws -> Token?
    func versions(of id: TokenID) throws -> [Version]
    func destinations(of id: TokenID) throws -> [Destination]
    /// The active or quarantined token, other than `id`, that has this place among its destinations.
    func holder(of place: Destination, otherThan id: TokenID?) throws -> Token?
    /// How many destinations of active and quarantined tokens each vault has, by its name.
    func destinationCounts() throws -> [String: Int]
    /// Active tokens that have no value: the first one did not reach its destinations. By name.
    func tokensWithoutValue(limit: Int) throws -> [Token]
    /// The token and version with this digest, whatever their states.
    func version(with digest: Digest) throws -> (token: Token, version: Version)?

    /// Streams tokens in flat memory; `each` returns false to stop. `states` empty: all.
    func eachToken(states: [TokenState], in order: TokenOrder, _ each: (Token) throws -> Bool) throws

    /// Streams the tokens of one index range: a superset of the active tokens with a due or violating
    /// verdict, or a deadline up to `lookahead` away. The same token may come more than once for different queries.
    func eachCandidate(_ query: CandidateQuery, _ each: (Token) throws -> Bool) throws
    /// How many active tokens there are.
    func countActive() throws -> Int
    /// How many active tokens end later than one instant, and no later than the other.
    func countEnding(after start: Instant, until end: Instant) throws -> Int

    /// Rotations that are not finished: claimed, with a pending version, or with a version to retire.
    func openRotations() throws -> [Rotation]
    /// Those of them whose next attempt is due: unfinished ones, and ones whose overlap has ended.
    func dueRotations(at now: Instant) throws -> [Rotation]
    /// Those of the unfinished ones that something is in the way of, by their next attempt.
    func stalledRotations() throws -> [Rotation]
    func rotation(of id: TokenID) throws -> Rotation?
    /// Rotations that a person asked for and that were given up, newest first, of the newest so many of all.
    func givenUpRotations(ofNewest count: Int) throws -> [Rotation]
    /// What the runs of somebody since an instant have begun for a policy, oldest first; not what was given up before
    /// anything was armed.
    func rotations(ofRunsBy actor: String, policy: String, since: Instant) throws -> [Rotation]
    /// The push rows of all versions of a token.
    func pushes(of id: TokenID) throws -> [Push]

    /// Open violations, by their tokens; `each` returns false to stop.
    func eachOpenFinding(_ each: (Finding) throws -> Bool) throws
    /// How many violations are open, by rule.
    func openFindingCounts() throws -> [RuleReference: Int]
    func findings(of id: TokenID) throws -> [Finding]
    /// Findings that were open at some time of a period, by their tokens; `each` returns false to stop.
    func eachFinding(
        openedBy end: Instant, notClosedBefore start: Instant, _ each: (FindingSpan) throws -> Bool) throws
    /// Actions that were blocked when a run called for them last, by token.
    func blocks() throws -> [Block]
    /// Rotations that could not begin, by token.
    func failedAttempts() throws -> [FailedAttempts]
    func failedAttempts(of id: TokenID) throws -> FailedAttempts?

    /// Audit entries, oldest first, from an entry number on; `each` returns false to stop.
    func eachAuditEntry(from number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws
    /// Audit entries below a number, newest first; `each` returns false to stop.
    func eachAuditEntry(below number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws
    /// Actions of runs that finished within a period, oldest first.
    func eachRunAction(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws
    /// Rotations whose new value became current within a period, oldest first, each told as an action that
    /// is done. One that no run claimed, since a person or its holder asked for it, has neither policy nor run. The
    /// first value of a token is none.
    func eachPromotion(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws
    /// Rotations that a run claimed and that are not among its recorded actions, told as what they are now.
    func unrecordedRotations(of run: String, at now: Instant) throws -> [RecordedAction]
    /// How many recorded actions of a run came to which outcome.
    func outcomes(of run: String) throws -> [Outcome: Int]
    func lastRun() throws -> RunRecord?
    /// When the first run of all began.
    func firstRunStart() throws -> Instant?
    /// When policies run next, by their names.
    func schedules() throws -> [ScheduleEntry]

    /// Deliveries to be tried now, oldest event first.
    func dueDeliveries(endpoint: String, at now: Instant, limit: Int) throws -> [Delivery]
    /// When the next delivery that waits for this endpoint becomes due; nil when none waits.
    func nextDeliveryDue(endpoint: String) throws -> Instant?
    func deliveryCounts() throws -> DeliveryCounts
    /// The names of the endpoints that deliveries wait for, in order; costs what waits, for each of them.
    func awaitedEndpoints() throws -> [String]
    /// Endpoints that want no more events, by name.
    func disabledEndpoints() throws -> [DisabledEndpoint]
    /// Deliveries in one state, oldest event first; `each` returns false to stop.
    func eachDelivery(_ state: DeliveryRecord.State, _ each: (DeliveryRecord) throws -> Bool) throws
    /// The same, `limit` of them at the most: of one endpoint, or of all where it is nil, that come after a number.
    func deliveries(
        _ state: DeliveryRecord.State, to endpoint: String?, after number: Int64, limit: Int
    ) throws -> [Numbered<DeliveryRecord>]
}

extension StoreReads {
    /// Deliveries in some states, oldest event first. One whose state changes meanwhile keeps its number, so that
    /// whoever goes on from there meets it once at the most.
    package func deliveries(
        in states: [DeliveryRecord.State], to endpoint: String?, after number: Int64, limit: Int
    ) throws -> [Numbered<DeliveryRecord>] {
        let found = try states.flatMap { try deliveries($0, to: endpoint, after: number, limit: limit) }
        return Array(found.sorted { $0.number < $1.number }.prefix(limit))
    }
}

extension StoreReads {
    /// All open violations, where there are few.
    package func openFindings() throws -> [Finding] {
        var findings: [Finding] = []
        try eachOpenFinding { finding in
            findings.append(finding)
            return true
        }
        return findings
    }
}

/// One index range over active tokens; one query for each rule, since an OR over indexes is a scan.
package enum CandidateQuery: Hashable, Sendable {
    /// The oldest value that authenticates was issued at or before this.
    case issuedAtOrBefore(Instant)
    /// Idle since this instant or longer.
    case idleSinceAtOrBefore(Instant)
    /// The overlap of an older value that still authenticates ended at or before this.
    case overlapEndedAtOrBefore(Instant)
    case withoutExpiry
    /// `expires_at - created_at` is more than this.
    case lifetimeMoreThan(TimeSpan)
    /// Ends after this.
    case expiresAfter(Instant)
    /// Ended already: `expires_at` at or before this, and still listed as active; or as quarantined.
    case expiredAtOrBefore(Instant)
    /// Without what a rule asks for.
    case without(TokenFact)
    /// The owner matches none of the patterns of one of these lists.
    case ownerOutside([[Glob]])
    /// The scopes are beyond one of these.
    case scopesBeyond([ScopeBound])
    /// The name matches none of the patterns of one of these lists.
    case nameOutside([[Glob]])
    /// More than so many different addresses or agents are kept of its uses, whenever they were.
    case seenFromMoreThan(Int, SeenFrom.Kind)
}

/// What may be missing of a token.
package enum TokenFact: Hashable, Sendable {
    case owner, description, destination
}

/// What scopes a rule allows: none that matches one of `deny`, and at most `max`.
package struct ScopeBound: Hashable, Sendable {
    package var deny: [Glob]
    package var max: Int?

    package init(deny: [Glob], max: Int?) {
        self.deny = deny
        self.max = max
    }

    package func isBroken(by scopes: [String]) -> Bool {
        scopes.contains { scope in deny.contains { $0.matches(scope) } } || max.map { scopes.count > $0 } ?? false
    }
}

/// Everything that changes tokens outside rotations. While the store is in safe mode all but an emergency throws
/// `StoreError.held`.
package protocol TokenChanges {
    /// Adds a token with its first version and destinations; event `token.issued` unless it was imported.
    /// Throws `StoreError.nameTaken`, and `StoreError.placeTaken` where a live token would share a destination.
    func addToken(_ token: Token, version: Version?, destinations: [Destination], change: Change) throws
    /// Replaces name, description, owner, integration, scopes, labels, prefix and expiry; nothing else.
    /// Audited and +1 revision only when something differs; returns whether it did.
    func editToken(_ token: Token, change: Change) throws -> Bool
    /// While a version is pending, that one has to reach it as well. Throws `StoreError.placeTaken` when another live
    /// token has it.
    func addDestination(_ destination: Destination, to id: TokenID, change: Change) throws
    /// Records the digest of a value of nobody's that was found at a destination, so that it may be written
    /// over. False when the destination, or the baseline that it was read with, is another one by now, the
    /// token is not a live one of ours, or the digest is that of a value of any token.
    func adopt(
        _ destination: Destination, of id: TokenID, holding digest: Digest, change: Change
    ) throws -> Bool
    /// Takes a place away from a token, with the push rows that led there. False when it is not there, or is the last
    /// one while a rotation of the token has not been promoted. What the vault holds stays as it is.
    func removeDestination(_ destination: Destination, from id: TokenID, change: Change) throws -> Bool
    /// Ends a token and every version of it at once, and closes its rotation; event `token.revoked`.
    /// False when it had ended already.
    ///
    /// - parameter isEmergency: past every brake; audit entry and event say so. Else it throws `StoreError.held`
    ///   while there is one.
    func revokeToken(_ id: TokenID, isEmergency: Bool, change: Change) throws -> Bool
    /// Marks a token whose end has passed `expired`, with all its versions. False when it is not past it.
    func expireToken(_ id: TokenID, change: Change) throws -> Bool
    /// Takes over what the issuer of somebody else's token says of it: that it has ended, is switched off or on
    /// again, audited where it differs; and its use, which is no change and only moves forward. Nothing happens to
    /// a token of our own. No event of its own: the import has one.
    func recordReport(_ facts: ReportedFacts, of id: TokenID, change: Change) throws
    /// Writes one audit entry for a whole import: file name, digest, totals.
    func recordImport(_ summary: ImportSummary, change: Change) throws
}

/// What the issuer of a token says of it.
package struct ReportedFacts: Hashable, Sendable {
    package var usage: Usage
    /// Up to when it says so; nil: not known.
    package var usageUntil: Instant?
    package var state: TokenState
    /// When it ended, for one that has.
    package var endedAt: Instant?

    package init(usage: Usage, usageUntil: Instant? = nil, state: TokenState = .active, endedAt: Instant? = nil) {
        self.usage = usage
        self.usageUntil = usageUntil
        self.state = state
        self.endedAt = endedAt
    }
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

extension AuditEntry {
    /// Its body; null where it cannot be read.
    package var json: JSON { (try? JSON.parse(body, maximumBytes: max(body.utf8.count, 1))) ?? .null }
    /// What changed, as it is since.
    package var after: JSON { json["after"] ?? .null }
}

extension TokenChanges {
    /// As a policy or a person does who is in no hurry.
    package func revokeToken(_ id: TokenID, change: Change) throws -> Bool {
        try revokeToken(id, isEmergency: false, change: change)
    }
}

/// How tokens stream.
package enum TokenOrder: Sendable {
    /// By name, then id.
    case byName
    /// As the store comes upon them, which is the quickest; and without what neither a rule nor a sum asks for:
    /// revision, description, prefix, external identifier and creator may be left out.
    case unsorted
}

extension StoreReads {
    /// Streams tokens in the order of name then id.
    package func eachToken(states: [TokenState], _ each: (Token) throws -> Bool) throws {
        try eachToken(states: states, in: .byName, each)
    }
}
