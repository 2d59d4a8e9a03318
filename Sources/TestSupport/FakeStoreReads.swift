package import Engine
package import RotaCore

/// A store that holds what a test gave it, for code that only reads.
package struct FakeStoreReads: StoreReads {
    package var storeIdentity = StoreIdentity(
        instance: "6f1d2c9a", generation: 1, createdAt: Instant(seconds: 1_790_000_000))
    package var frozen: Freeze?
    package var pastFreezes: [PastFreeze] = []
    package var tokens: [Token] = []
    package var destinations: [TokenID: [Destination]] = [:]
    package var rotations: [Rotation] = []
    /// Oldest first.
    package var actions: [RecordedAction] = []
    /// Oldest first.
    package var promotions: [RecordedAction] = []
    /// When the first run began; nil: the one that there is.
    package var firstRun: Instant?
    package var run: RunRecord?
    package var findingSpans: [FindingSpan] = []
    package var trackers: [Heartbeat] = []
    package var scheduleEntries: [ScheduleEntry] = []
    package var uses: [UseTally] = []
    package var quarantines: [TokenID: Quarantine] = [:]
    package var absences: [TokenID: Absence] = [:]
    package var blockedActions: [Block] = []
    /// Oldest first.
    package var entries: [AuditEntry] = []
    /// In order of size.
    package var checkpoints: [SignedCheckpoint] = []
    package var checkpointSigners: [(key: String, since: Instant)] = []
    package var sentNotices: [TokenID: [StandingNotice]] = [:]
    package var failures: [FailedAttempts] = []
    /// The first to end first.
    package var waivers: [Waiver] = []
    package var plans: [SavedPlan] = []
    package var knownWitnesses: [WitnessRecord] = []
    package var planActions: [String: [SavedAction]] = [:]
    /// Latest first.
    package var noticesOfPeriod: [SentNotice] = []
    package var horizons: [RecordKind: Instant] = [:]
    package var deliveries = DeliveryCounts(waiting: 0, delivered: 0, dead: 0)

    package init(_ tokens: [Token] = []) { self.tokens = tokens }

    package func witnesses() -> [WitnessRecord] { knownWitnesses }
    package func savedPlan(_ id: String) -> SavedPlan? { plans.first { $0.id == id } }
    package func savedPlans(before number: Int64?, limit: Int) -> [Numbered<SavedPlan>] {
        let numbered = plans.enumerated().map { Numbered(Int64($0.offset + 1), $0.element) }
        return Array(numbered.reversed().filter { $0.number < number ?? .max }.prefix(limit))
    }
    package func openPlans(at now: Instant) -> [SavedPlan] { plans.filter { $0.end == nil && $0.expiresAt > now } }
    package func eachSavedAction(
        of id: String, in order: SavedActionOrder, from place: Int, _ each: (SavedAction) throws -> Bool
    ) throws {
        let actions = (planActions[id] ?? []).dropFirst(place)
        for action in order == .byToken ? actions.sorted(by: { $0.tokenID < $1.tokenID }) : Array(actions) {
            guard try each(action) else { return }
        }
    }

    package func savedActionCounts(of id: String) -> [Action: Int] {
        Dictionary(grouping: planActions[id] ?? [], by: \.action).mapValues(\.count)
    }

    package func identity() -> StoreIdentity { storeIdentity }
    package func brake(at now: Instant) -> Brake? { freeze(at: now).map { .frozen($0) } }
    package func freeze(at now: Instant) -> Freeze? { frozen }
    package func freezes(from start: Instant, to end: Instant) -> [PastFreeze] { pastFreezes }
    package func doubt() -> StoreDoubt? { nil }
    package func token(_ id: TokenID) -> Token? { tokens.first { $0.id == id } }
    package func token(named nameOrID: String) -> Token? {
        tokens.first { $0.id.text == nameOrID || $0.name == nameOrID }
    }
    package func token(ofName name: String) -> Token? { tokens.first { $0.name == name } }
    package func token(issuer: Issuer, externalID: String) -> Token? {
        tokens.first { $0.issuer == issuer && $0.externalID == externalID }
    }
    package func versions(of id: TokenID) -> [Version] { [] }
    package func destinations(of id: TokenID) -> [Destination] { destinations[id] ?? [] }
    package func holder(of place: Destination, otherThan id: TokenID?) -> Token? {
        tokens.first { $0.end == nil && $0.id != id && destinations(of: $0.id).contains(place) }
    }
    package func destinationCounts() -> [String: Int] {
        tokens.filter { $0.end == nil }.flatMap { destinations(of: $0.id) }
            .reduce(into: [:]) { $0[$1.vault, default: 0] += 1 }
    }
    package func tokensWithoutValue(limit: Int) -> [Token] {
        Array(tokens.filter { $0.state == .active && $0.values.current == nil }.prefix(limit))
    }
    package func version(with digest: Digest) -> (token: Token, version: Version)? { nil }

    package func eachToken(states: [TokenState], in order: TokenOrder, _ each: (Token) throws -> Bool) throws {
        let sorted = order == .byName ? tokens.sorted { ($0.name, $0.id) < ($1.name, $1.id) } : tokens
        for token in sorted where states.isEmpty || states.contains(token.state) {
            guard try each(token) else { return }
        }
    }
    /// Every active token: a superset, as candidates are.
    package func eachCandidate(_ query: CandidateQuery, _ each: (Token) throws -> Bool) throws {
        try eachToken(states: [.active], each)
    }
    package func countActive() -> Int { tokens.count { $0.state == .active } }
    package func countEnding(after start: Instant, until end: Instant) -> Int {
        tokens.count { $0.state == .active && $0.expiresAt.map { start < $0 && $0 <= end } ?? false }
    }

    package func openRotations() -> [Rotation] {
        rotations.filter { $0.phase == .open || $0.phase == .overlap }
    }
    package func dueRotations(at now: Instant) -> [Rotation] { openRotations().filter { $0.nextAttemptAt <= now } }
    package func stalledRotations() -> [Rotation] { openRotations().filter { $0.cause != nil } }
    package func rotation(of id: TokenID) -> Rotation? { openRotations().first { $0.tokenID == id } }
    package func givenUpRotations(ofNewest count: Int) -> [Rotation] {
        rotations.suffix(count).reversed().filter { $0.phase == .closed && $0.trigger == nil }
    }
    package func rotations(ofRunsBy actor: String, policy: String, since: Instant) -> [Rotation] { [] }
    package func pushes(of id: TokenID) -> [Push] { [] }
    package func eachOpenFinding(_ each: (Finding) throws -> Bool) {}
    package func openFindingCounts() -> [RuleReference: Int] { [:] }
    package func findings(of id: TokenID) -> [Finding] { [] }
    package func eachFinding(
        openedBy end: Instant, notClosedBefore start: Instant, _ each: (FindingSpan) throws -> Bool
    ) throws {
        for span in findingSpans where span.openedAt <= end && span.closedAt.map({ $0 >= start }) ?? true {
            guard try each(span) else { return }
        }
    }
    package func blocks() -> [Block] { blockedActions }
    package func failedAttempts() -> [FailedAttempts] { failures }
    package func failedAttempts(of id: TokenID) -> FailedAttempts? { failures.first { $0.tokenID == id } }
    package func eachAuditEntry(from number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws {
        for entry in entries where entry.number >= number && object.map({ $0 == entry.object }) ?? true {
            guard try each(entry) else { return }
        }
    }
    package func eachAuditEntry(below number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws {
        for entry in entries.reversed() where entry.number < number && object.map({ $0 == entry.object }) ?? true {
            guard try each(entry) else { return }
        }
    }
    package func eachRunAction(
        from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool
    ) throws {
        for action in actions where action.at >= from && action.at <= to {
            guard try each(action) else { return }
        }
    }
    /// Nothing but what `promotions` holds.
    package func eachPromotion(
        from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool
    ) throws {
        for promotion in promotions where promotion.at >= from && promotion.at <= to {
            guard try each(promotion) else { return }
        }
    }
    package func unrecordedRotations(of run: String, at now: Instant) -> [RecordedAction] { [] }
    package func outcomes(of run: String) -> [Outcome: Int] { [:] }
    package func heartbeats() -> [Heartbeat] { trackers }
    package func usage(of id: TokenID, since: Instant) -> [UseTally] {
        let day = since.midnight
        return uses.filter { $0.key.tokenID == id && $0.key.day >= day }.sorted { $0.key < $1.key }
    }
    package func quarantine(of id: TokenID) -> Quarantine? { quarantines[id] }
    package func eachQuarantined(since end: Instant, _ each: (Token, Quarantine) throws -> Bool) throws {
        for token in tokens {
            guard let quarantine = quarantines[token.id], quarantine.since <= end else { continue }
            guard try each(token, quarantine) else { return }
        }
    }
    package func absence(of id: TokenID) -> Absence? { absences[id] }
    package func countAbsent() -> Int { absences.count }
    package func eachAbsent(_ each: (Token, Absence) throws -> Bool) throws {
        let absent = tokens.compactMap { token in absences[token.id].map { (token, $0) } }
        for (token, absence) in absent.sorted(by: { ($0.1.since, $0.0.id) < ($1.1.since, $1.0.id) }) {
            guard try each(token, absence) else { return }
        }
    }
    package func notices(of id: TokenID) -> [StandingNotice] { sentNotices[id] ?? [] }
    package func policiesOfNotices() -> [String] {
        Set(sentNotices.values.joined().map(\.rule.policy)).sorted()
    }
    package func eachNotice(of policy: String, _ each: (TokenID, StandingNotice) throws -> Bool) throws {
        for (id, notices) in sentNotices.sorted(by: { $0.key < $1.key }) {
            for notice in notices where notice.rule.policy == policy { guard try each(id, notice) else { return } }
        }
    }
    package func waiver(_ id: String) -> Waiver? { waivers.first { $0.id == id } }
    package func eachWaiver(before number: Int64?, _ each: (Numbered<Waiver>) throws -> Bool) throws {
        for (index, waiver) in waivers.enumerated().reversed() where Int64(index + 1) < number ?? .max {
            guard try each(Numbered(Int64(index + 1), waiver)) else { return }
        }
    }
    package func waiversInForce(at now: Instant) -> [Waiver] { waivers.filter { $0.isInForce(at: now) } }
    package func waiversInForce(at now: Instant, of policy: String, about id: TokenID) -> [Waiver] {
        waiversInForce(at: now).filter { $0.policy == policy }
    }
    package func waiversAskedFor(at now: Instant, of policy: String) -> [Waiver] {
        waivers.filter { $0.policy == policy && $0.state(at: now) == .requested }
    }
    package func waiversEnding(by end: Instant) -> [Waiver] {
        waivers.filter { $0.ending == nil && $0.endsAt <= end }
    }
    package func toldUses(of id: TokenID) -> [ToldUse] { [] }
    package func lastUses(of id: TokenID) -> [Int: Instant] { [:] }
    package func lastRun() -> RunRecord? { run }
    package func tokens(
        _ listing: TokenListing, after position: TokenListing.Position?, limit: Int
    ) -> ListedTokens {
        ListedTokens(tokens: Array(tokens.filter(listing.admits).prefix(limit)))
    }
    package func eachTokenWithRole(of owner: String, _ each: (Token) throws -> Bool) {}
    package func hasMadeTokens(of owner: String, beyond count: Int) -> Bool { false }
    package func owners(limit: Int) -> [String] {
        Array(Set(tokens.map(\.owner)).subtracting([""]).sorted().prefix(limit))
    }
    package func openFindings(of id: TokenID) -> [Finding] { [] }
    package func runs(before number: Int64?, limit: Int) -> [Numbered<RunRecord>] { [] }
    package func deliveryCountsByEndpoint() -> [String: DeliveryCounts] { [:] }
    package func run(_ id: String) -> RunRecord? { run.flatMap { $0.id == id ? $0 : nil } }
    package func actions(ofRun id: String, after number: Int64, limit: Int) -> [Numbered<RecordedAction>] { [] }
    package func lastFinishedRun() -> RunRecord? { run.flatMap { $0.finishedAt == nil ? nil : $0 } }
    package func firstRunStart() -> Instant? { firstRun ?? run?.startedAt }
    package func unfinishedRunStart() -> Instant? { run.flatMap { $0.finishedAt == nil ? $0.startedAt : nil } }
    package func countOpenRotations() -> Int { rotations.count { $0.phase == .open } }
    package func countStalledRotations() -> Int { stalledRotations().count }
    package func countFailedAttempts() -> Int { failures.count }
    package func blockCounts() -> [BlockedReason: Int] {
        blockedActions.reduce(into: [:]) { $0[$1.reason, default: 0] += 1 }
    }
    package func countWaivers(inForceAt now: Instant) -> Int { waiversInForce(at: now).count }
    package func countPlans(awaitingApprovalAt now: Instant) -> Int {
        openPlans(at: now).count { $0.needsApproval && $0.approval(at: now) == nil }
    }
    package func schedules() -> [ScheduleEntry] { scheduleEntries }
    package func dueDeliveries(endpoint: String, at now: Instant, limit: Int) -> [Delivery] { [] }
    package func nextDeliveryDue(endpoint: String) -> Instant? { nil }
    package func awaitedEndpoints() -> [String] { [] }
    package func deliveryCounts() -> DeliveryCounts { deliveries }
    package func eachOrigin(to end: Instant, _ each: (AuditEntry) throws -> Bool) throws {
        for entry in entries where entry.at <= end { guard try each(entry) else { return } }
    }
    package func eachSentNotice(from: Instant, to: Instant, _ each: (SentNotice) throws -> Bool) throws {
        for notice in noticesOfPeriod where notice.at >= from && notice.at <= to {
            guard try each(notice) else { return }
        }
    }
    package func pruned() -> [RecordKind: Instant] { horizons }
    package func prunable(_ kind: RecordKind, before horizon: Instant, limit: Int) -> Int { 0 }
    package func disabledEndpoints() -> [DisabledEndpoint] { [] }
    package func eachDelivery(
        _ state: DeliveryRecord.State, _ each: (DeliveryRecord) throws -> Bool
    ) {}
    package func deliveries(
        _ state: DeliveryRecord.State, to endpoint: String?, after number: Int64, limit: Int
    ) -> [Numbered<DeliveryRecord>] { [] }
}
