import Engine
import RotaCore
import SQLite

/// Rows into values, in the order of the columns of `Statement`.
enum Decode {
    static func version(_ row: borrowing Row) throws -> Version { try version(row, from: 0) }

    /// - parameter first: the column that the version begins with.
    static func version(_ row: borrowing Row, from first: Int) throws -> Version {
        Version(
            number: row.count(first), state: try row.word(first + 1),
            digest: row.optionalBlob(first + 2).flatMap(Digest.init(bytes:)),
            hint: row.text(first + 3), issuedAt: row.optionalInstant(first + 4),
            endsAt: row.optionalInstant(first + 5), endedAt: row.optionalInstant(first + 6))
    }

    static func knownValue(_ row: borrowing Row) throws -> KnownValue {
        // Nearly all of them, and told apart without a text.
        let version: VersionState = row.holds("current", 2) ? .current : try row.word(2)
        let token: TokenState = row.holds("active", 4) ? .active : try row.word(4)
        return KnownValue(
            tokenID: TokenID(row.text(0)), version: row.count(1),
            isInForce: token == .active && version.authenticates, expiresAt: row.optionalInstant(5),
            endsAt: row.optionalInstant(11), issuedAt: row.optionalInstant(3),
            isInOverlap: row.integer(6) != 0 || row.integer(7) != 0,
            name: row.text(8), owner: row.text(9), scope: row.text(10))
    }

    static func destination(_ row: borrowing Row) -> Destination {
        let field = row.text(3)
        return Destination(
            id: row.integer(0), vault: row.text(1), path: row.text(2), field: field.isEmpty ? nil : field,
            baseline: row.optionalBlob(4).flatMap(Digest.init(bytes:)))
    }

    static func rotation(_ row: borrowing Row) throws -> Rotation {
        let claimedAt = row.instant(6)
        return Rotation(
            id: row.integer(0), tokenID: TokenID(row.text(1)), fromVersion: row.count(2),
            toVersion: row.optionalInteger(3).map { Int($0) }, phase: try row.word(4),
            overlap: TimeSpan(seconds: row.integer(5)),
            cap: OverlapCap(
                row.optionalInteger(18).map(TimeSpan.init(seconds:)), revokes: row.optionalInteger(19) == 1,
                endsWhenIdle: row.optionalInteger(21) == 1),
            claimedAt: claimedAt,
            claim: Change(actor: AuditActor(row.text(7)), at: claimedAt, cause: row.text(8), run: row.optionalText(9)),
            trigger: trigger(row), failures: row.count(15), rejections: row.count(24), nextAttemptAt: row.instant(16),
            cause: row.optionalText(17), alarmedAt: row.optionalInstant(20), useAlarmedAt: row.optionalInstant(23),
            promotedAt: row.optionalInstant(22), endAtClaim: row.optionalInstant(26))
    }

    private static func trigger(_ row: borrowing Row) -> RotationTrigger? {
        guard let policy = row.optionalText(10) else { return nil }
        return RotationTrigger(
            policy: policy, rule: row.optionalText(11) ?? "", reason: row.optionalText(12) ?? "",
            message: row.optionalText(13) ?? "", deadline: row.optionalInstant(14),
            renewal: row.optionalInteger(25).map(TimeSpan.init(seconds:)))
    }

    static func push(_ row: borrowing Row) throws -> Push {
        Push(
            version: row.count(0), destinationID: row.integer(1), state: try row.word(2),
            base: row.optionalText(3), firstBase: row.optionalText(6), attempt: row.count(4),
            verifiedBase: row.optionalText(5))
    }

    static func finding(_ row: borrowing Row) -> Finding {
        Finding(
            id: row.integer(0), tokenID: TokenID(row.text(1)), policy: row.text(2), rule: row.text(3),
            reason: row.text(4), message: row.text(5), openedAt: row.instant(6),
            closedAt: row.optionalInstant(7))
    }

    static func findingSpan(_ row: borrowing Row) -> FindingSpan {
        FindingSpan(
            tokenID: TokenID(row.text(0)), rule: RuleReference(policy: row.text(1), rule: row.text(2)),
            openedAt: row.instant(3), closedAt: row.optionalInstant(4),
            end: Closing.isResolved(row.optionalText(5) ?? "") ? .resolved : .dropped)
    }

    static func auditEntry(_ row: borrowing Row) -> AuditEntry {
        AuditEntry(
            number: row.integer(0), at: row.instant(1), actor: row.text(2), action: row.text(3),
            object: row.text(4), body: row.text(5))
    }

    static func action(_ row: borrowing Row) throws -> RecordedAction {
        RecordedAction(
            run: row.text(0), tokenID: TokenID(row.text(1)), name: row.text(2), action: try row.word(3),
            policy: row.text(4), rule: row.text(5), reason: row.text(6), message: row.text(7),
            deadline: row.optionalInstant(8), outcome: try row.word(9),
            blocked: row.optionalText(12).flatMap { BlockedReason(rawValue: $0) }, cause: row.optionalText(10),
            at: row.instant(11))
    }

    static func run(_ row: borrowing Row) -> RunRecord {
        let plan = row.text(1)
        return RunRecord(
            id: row.text(0), plan: plan.isEmpty ? nil : plan, planned: row.optionalInteger(2).map { Int($0) },
            acting: row.optionalText(3).map { $0.split(separator: "\n").map(String.init) },
            actor: AuditActor(row.text(4)),
            startedAt: row.instant(5), finishedAt: row.optionalInstant(6), aborted: row.optionalText(7))
    }

    static func delivery(_ row: borrowing Row) -> Delivery {
        Delivery(
            event: OutgoingEvent(id: row.text(0), type: row.text(1), at: row.instant(2), data: row.text(3)),
            endpoint: row.text(4), attempts: row.count(5))
    }

    static func deliveryRecord(_ row: borrowing Row) throws -> DeliveryRecord {
        DeliveryRecord(
            event: row.text(0), type: row.text(1), at: row.instant(2), endpoint: row.text(3),
            state: try row.word(4), attempts: row.count(5), nextAttemptAt: row.instant(6),
            status: row.optionalInteger(7).map { Int($0) }, cause: row.optionalText(8))
    }
}
