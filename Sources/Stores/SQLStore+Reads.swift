import Engine
import RotaCore
import SQLite

extension SQLStore {
    // MARK: - Tokens

    func token(_ id: TokenID) throws -> Token? {
        try driver.first(.token, [.of(id)], decode)
    }

    func token(named nameOrID: String) throws -> Token? {
        try token(TokenID(nameOrID)) ?? token(ofName: nameOrID)
    }

    func token(ofName name: String) throws -> Token? {
        try driver.first(.tokenOfName, [.text(name)], decode)
    }

    func token(issuer: Issuer, externalID: String) throws -> Token? {
        try driver.first(.externalToken, [.text(issuer.description), .text(externalID)], decode)
    }

    func versions(of id: TokenID) throws -> [Version] {
        try driver.all(.versions, [.of(id)], Decode.version)
    }

    func destinations(of id: TokenID) throws -> [Destination] {
        try driver.all(.destinations, [.of(id)], Decode.destination)
    }

    func tokensWithoutValue(limit: Int) throws -> [Token] {
        try driver.all(.tokensWithoutValue, [.of(limit)], decode)
    }

    func version(with digest: Digest) throws -> (token: Token, version: Version)? {
        try driver.first(.valueWithDigest, [.of(digest)]) { row in
            (token: try decode(row), version: try Decode.version(row, from: TokenDecoder.columnCount))
        }
    }

    /// The same, as far as whoever answers for a value needs it.
    func value(with digest: Digest) throws -> KnownValue? {
        try driver.first(.knownValue, [.of(digest)], Decode.knownValue)
    }

    /// The number of the newest audit entry: whatever changes what a value is worth writes one.
    func newestEntry() throws -> Int64 {
        try driver.first(.newestAuditEntry, []) { $0.integer(0) } ?? 0
    }

    /// What the audit entries are about that came after one of them, up to another; nil where that is not known: no
    /// earlier one is, they are too many to be told apart, or some of them are gone.
    func auditedObjects(after known: Int64?, through newest: Int64) throws -> [AuditedObject]? {
        guard let known, newest >= known, newest - known <= KnownValues.mostChanged else { return nil }
        if newest == known { return [] }
        let objects = try driver.all(.auditedObjects, [.integer(known), .integer(newest)]) {
            AuditedObject(number: $0.integer(0), object: $0.text(1))
        }
        return objects.count == newest - known ? objects : nil
    }

    func eachToken(states: [TokenState], in order: TokenOrder, _ each: (Token) throws -> Bool) throws {
        let wanted = Set(states)
        if order == .unsorted {
            try driver.query(.unsortedTokens, []) { row in
                if !wanted.isEmpty, !wanted.contains(try TokenDecoder.state(row)) { return true }
                return try each(decodeJudged(row))
            }
            return
        }
        if wanted.isEmpty || wanted.count == TokenState.allCases.count {
            try driver.query(.allTokens, []) { try each(decode($0)) }
        } else {
            let values = TokenState.allCases.map { Value.text(wanted.contains($0) ? $0.rawValue : "") }
            try driver.query(.tokensInStates, values) { try each(decode($0)) }
        }
    }

    func eachCandidate(_ query: CandidateQuery, _ each: (Token) throws -> Bool) throws {
        switch query {
        case .issuedAtOrBefore(let instant): try tokens(.issuedAtOrBefore, [.of(instant)], each)
        case .idleSinceAtOrBefore(let instant): try tokens(.idleSinceAtOrBefore, [.of(instant)], each)
        case .overlapEndedAtOrBefore(let instant): try tokens(.overlapEndedAtOrBefore, [.of(instant)], each)
        case .withoutExpiry: try tokens(.withoutExpiry, [], each)
        case .lifetimeMoreThan(let span): try tokens(.lifetimeMoreThan, [.of(span)], each)
        case .expiresAfter(let instant): try tokens(.expiresAfter, [.of(instant)], each)
        case .expiredAtOrBefore(let instant):
            guard try tokens(.expiredAtOrBefore, [.of(instant)], each) else { return }
            try tokens(.expiredInQuarantine, [.of(instant)], each)
        case .without(.owner): try tokens(.ofOwner, [.text("")], each)
        case .without(.description): try tokens(.withoutDescription, [], each)
        case .without(.destination): try tokens(.withoutDestination, [], each)
        case .ownerOutside(let allowed): try eachToken(ownerOutside: allowed, each)
        case .scopesBeyond(let bounds): try eachToken(scopesBeyond: bounds, each)
        case .nameOutside(let allowed): try eachToken(nameOutside: allowed, each)
        case .seenFromMoreThan(let count, .address): try tokens(.seenFromAddresses, [.of(count)], each)
        case .seenFromMoreThan(let count, .agent): try tokens(.seenFromAgents, [.of(count)], each)
        }
    }

    func countEnding(after start: Instant, until end: Instant) throws -> Int {
        try driver.first(.endingCount, [.of(start), .of(end)]) { $0.count(0) } ?? 0
    }

    func countActive() throws -> Int {
        try driver.first(.activeCount, []) { $0.count(0) } ?? 0
    }

    // MARK: - Rotations and findings

    func openRotations() throws -> [Rotation] {
        try driver.all(.unfinishedRotations, [], Decode.rotation)
    }

    func dueRotations(at now: Instant) throws -> [Rotation] {
        try driver.all(.dueRotations, [.of(now)], Decode.rotation)
    }

    func stalledRotations() throws -> [Rotation] {
        try driver.all(.stalledRotations, [], Decode.rotation)
    }

    func rotation(of id: TokenID) throws -> Rotation? {
        try driver.first(.unfinishedRotation, [.of(id)], Decode.rotation)
    }

    func givenUpRotations(ofNewest count: Int) throws -> [Rotation] {
        try driver.all(.givenUpRotations, [.of(count)], Decode.rotation)
    }

    func rotations(ofRunsBy actor: String, policy: String, since: Instant) throws -> [Rotation] {
        try driver.all(.rotationsOfRuns, [.text(actor), .text(policy), .of(since)], Decode.rotation)
    }

    func pushes(of id: TokenID) throws -> [Push] {
        try driver.all(.pushes, [.of(id)], Decode.push)
    }

    func openFindingCounts() throws -> [RuleReference: Int] {
        var counts: [RuleReference: Int] = [:]
        try driver.query(.openFindingCounts, []) { row in
            counts[RuleReference(policy: row.text(0), rule: row.text(1))] = row.count(2)
            return true
        }
        return counts
    }

    func eachOpenFinding(_ each: (Finding) throws -> Bool) throws {
        try driver.query(.openFindings, []) { try each(Decode.finding($0)) }
    }

    func eachFinding(
        openedBy end: Instant, notClosedBefore start: Instant, _ each: (FindingSpan) throws -> Bool
    ) throws {
        var goesOn = true
        try driver.query(.openSpans, [.of(end)]) { row in
            goesOn = try each(Decode.findingSpan(row))
            return goesOn
        }
        guard goesOn else { return }
        try driver.query(.closedSpans, [.of(end), .of(start)]) { try each(Decode.findingSpan($0)) }
    }

    func findings(of id: TokenID) throws -> [Finding] {
        try driver.all(.findings, [.of(id)], Decode.finding)
    }

    // MARK: - The log, runs and the outbox

    func eachAuditEntry(from number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws {
        if let object {
            try driver.query(.auditEntriesOfObject, [.text(object), .integer(number)]) {
                try each(Decode.auditEntry($0))
            }
        } else {
            try driver.query(.auditEntries, [.integer(number)]) { try each(Decode.auditEntry($0)) }
        }
    }

    func eachAuditEntry(below number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws {
        if let object {
            try driver.query(.auditEntriesOfObjectBack, [.text(object), .integer(number)]) {
                try each(Decode.auditEntry($0))
            }
        } else {
            try driver.query(.auditEntriesBack, [.integer(number)]) { try each(Decode.auditEntry($0)) }
        }
    }

    func eachRunAction(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws {
        try driver.query(.runActions, [.of(from), .of(to)]) { try each(Decode.action($0)) }
    }

    func eachPromotion(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws {
        try driver.query(.promotions, [.of(from), .of(to)]) { try each(Decode.action($0)) }
    }

    func unrecordedRotations(of run: String, at now: Instant) throws -> [RecordedAction] {
        try driver.all(.unrecordedRotations, [.text(run), .of(now)], Decode.action)
    }

    func outcomes(of run: String) throws -> [Outcome: Int] {
        var outcomes: [Outcome: Int] = [:]
        try driver.query(.outcomesOfRun, [.text(run)]) { row in
            for (column, outcome) in Outcome.allCases.enumerated() where row.count(column) > 0 {
                outcomes[outcome] = row.count(column)
            }
            return true
        }
        return outcomes
    }

    func lastRun() throws -> RunRecord? {
        try driver.first(.lastRun, [], Decode.run)
    }

    func firstRunStart() throws -> Instant? {
        try driver.first(.firstRunStart, []) { $0.instant(0) }
    }

    func dueDeliveries(endpoint: String, at now: Instant, limit: Int) throws -> [Delivery] {
        try driver.all(.dueDeliveries, [.text(endpoint), .of(now), .of(limit)], Decode.delivery)
    }

    func nextDeliveryDue(endpoint: String) throws -> Instant? {
        try driver.first(.nextDelivery, [.text(endpoint)]) { $0.optionalInstant(0) } ?? nil
    }

    func awaitedEndpoints() throws -> [String] {
        var names: [String] = []
        // No endpoint has an empty name.
        func next() throws -> String? {
            try driver.first(.nextAwaitedEndpoint, [.text(names.last ?? "")]) { $0.optionalText(0) } ?? nil
        }
        while let name = try next() { names.append(name) }
        return names
    }

    func eachDelivery(_ state: DeliveryRecord.State, _ each: (DeliveryRecord) throws -> Bool) throws {
        try driver.query(.deliveriesInState, [.text(state.rawValue)]) { try each(Decode.deliveryRecord($0)) }
    }

    func deliveries(
        _ state: DeliveryRecord.State, to endpoint: String?, after number: Int64, limit: Int
    ) throws -> [Numbered<DeliveryRecord>] {
        let values: [Value] = [.text(state.rawValue), .integer(number), .of(limit)]
        let statement: Statement = endpoint == nil ? .deliveriesAfter : .deliveriesToEndpointAfter
        return try driver.all(statement, values + (endpoint.map { [.text($0)] } ?? [])) { row in
            Numbered(row.integer(9), try Decode.deliveryRecord(row))
        }
    }

    func deliveryCounts() throws -> DeliveryCounts {
        if let deliveriesThen { return deliveriesThen }
        var counts = DeliveryCounts(waiting: 0, delivered: 0, dead: 0)
        try driver.query(.deliveryCounts, []) { row in
            switch row.text(0) {
            case "waiting": counts.waiting = row.count(1)
            case "delivered": counts.delivered = row.count(1)
            default: counts.dead = row.count(1)
            }
            return true
        }
        return counts
    }
}
