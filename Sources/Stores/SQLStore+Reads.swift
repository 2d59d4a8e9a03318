import Engine
import RotaCore
import SQLite

extension SQLStore {
    // MARK: - Tokens

    func token(_ id: TokenID) throws -> Token? {
        try first(Statements.token, [.text(id.text)], decodeToken)
    }

    func token(named nameOrID: String) throws -> Token? {
        try token(TokenID(nameOrID)) ?? first(Statements.tokenNamed, [.text(nameOrID)], decodeToken)
    }

    func token(issuer: Issuer, externalID: String) throws -> Token? {
        try first(Statements.tokenExternal, [.text(issuer.description), .text(externalID)], decodeToken)
    }

    func versions(of id: TokenID) throws -> [Version] {
        try all(Statements.versions, [.text(id.text)], decodeVersion)
    }

    func destinations(of id: TokenID) throws -> [Destination] {
        try all(Statements.destinations, [.text(id.text)]) { row in
            let field = row.text(3)
            return Destination(
                id: row.integer(0), vault: row.text(1), path: row.text(2), field: field.isEmpty ? nil : field,
                baseline: row.digest(4))
        }
    }

    func version(with digest: Digest) throws -> (token: Token, version: Version)? {
        let found = try first(Statements.versionWithDigest, [.blob(digest.bytes)]) { row in
            (try decodeVersion(row), TokenID(row.text(7)))
        }
        guard let (version, id) = found, let token = try token(id) else { return nil }
        return (token, version)
    }

    func eachToken(states: [TokenState], _ each: (Token) throws -> Bool) throws {
        let (statement, values): (Statement, [Value]) =
            states.count == 1 ? (Statements.tokensInState, [.text(states[0].rawValue)]) : (Statements.tokens, [])
        try driver.query(statement, values) { row in
            let token = try decodeToken(row)
            return try states.isEmpty || states.contains(token.state) ? each(token) : true
        }
    }

    func eachCandidate(_ query: CandidateQuery, _ each: (Token) throws -> Bool) throws {
        let (statement, value): (Statement, [Value]) =
            switch query {
            case .issuedAtOrBefore(let instant): (Statements.issuedAtOrBefore, [.of(instant)])
            case .idleSinceAtOrBefore(let instant): (Statements.idleSinceAtOrBefore, [.of(instant)])
            case .withoutExpiry: (Statements.withoutExpiry, [])
            case .lifetimeMoreThan(let span): (Statements.lifetimeMoreThan, [.integer(span.seconds)])
            case .expiresAfter(let instant): (Statements.expiresAfter, [.of(instant)])
            case .expiredAtOrBefore(let instant): (Statements.expiredAtOrBefore, [.of(instant)])
            }
        try driver.query(statement, value) { try each(try decodeToken($0)) }
    }

    func countActive() throws -> Int {
        try first(Statements.countActive, []) { Int($0.integer(0)) } ?? 0
    }

    // MARK: - Rotations and findings

    func openRotations() throws -> [Rotation] {
        try all(Statements.unfinishedRotations, [], decodeRotation)
    }

    func rotation(of id: TokenID) throws -> Rotation? {
        try first(Statements.rotationOfToken, [.text(id.text)], decodeRotation)
    }

    func pushes(of id: TokenID) throws -> [Push] {
        try all(Statements.pushes, [.text(id.text)], decodePush)
    }

    func openFindings() throws -> [Finding] {
        try all(Statements.openFindings, [], decodeFinding)
    }

    func findings(of id: TokenID) throws -> [Finding] {
        try all(Statements.findingsOfToken, [.text(id.text)], decodeFinding)
    }

    // MARK: - Audit, runs, deliveries

    func eachAuditEntry(from number: Int64, object: String?, _ each: (AuditEntry) throws -> Bool) throws {
        let statement = object == nil ? Statements.audit : Statements.auditOfObject
        let values: [Value] = [.integer(number)] + (object.map { [.text($0)] } ?? [])
        try driver.query(statement, values) { row in
            try each(
                AuditEntry(
                    number: row.integer(0), at: Instant(seconds: row.integer(1)), actor: row.text(2),
                    action: row.text(3), object: row.text(4), body: row.text(5)))
        }
    }

    func eachRunAction(from: Instant, to: Instant, _ each: (RecordedAction) throws -> Bool) throws {
        try driver.query(Statements.runActions, [.of(from), .of(to)]) { row in
            guard let action = Action(rawValue: row.text(3)), let outcome = Outcome(rawValue: row.text(9)) else {
                throw StoreError.failed("a recorded action of \(row.text(1)) cannot be read")
            }
            return try each(
                RecordedAction(
                    run: row.text(0), tokenID: TokenID(row.text(1)), name: row.text(2), action: action,
                    policy: row.text(4), rule: row.text(5), reason: row.text(6), message: row.text(7),
                    deadline: row.instant(8), outcome: outcome, cause: row.optionalText(10),
                    at: Instant(seconds: row.integer(11))))
        }
    }

    func lastRun() throws -> RunRecord? {
        try first(Statements.lastRun, []) { row in
            RunRecord(
                id: row.text(0), plan: row.text(1), actor: row.text(2), startedAt: Instant(seconds: row.integer(3)),
                finishedAt: row.instant(4), aborted: row.optionalText(5))
        }
    }

    func dueDeliveries(endpoint: String, at now: Instant, limit: Int) throws -> [Delivery] {
        try all(Statements.dueDeliveries, [.text(endpoint), .of(now), .of(limit)]) { row in
            Delivery(
                event: OutgoingEvent(
                    id: row.text(0), type: row.text(1), at: Instant(seconds: row.integer(2)), data: row.text(3)),
                endpoint: endpoint, attempts: Int(row.integer(4)))
        }
    }

    func nextDeliveryDue(endpoint: String) throws -> Instant? {
        try first(Statements.nextDelivery, [.text(endpoint)]) { $0.instant(0) } ?? nil
    }

    func deliveryCounts() throws -> DeliveryCounts {
        var counts = DeliveryCounts(waiting: 0, delivered: 0, dead: 0)
        try driver.query(Statements.deliveryCounts, []) { row in
            let count = Int(row.integer(1))
            switch row.text(0) {
            case "waiting": counts.waiting = count
            case "delivered": counts.delivered = count
            default: counts.dead = count
            }
            return true
        }
        return counts
    }
}
