import Engine
import RotaCore
import SQLite

/// Reads a row of `Statements.tokenColumns`.
func decodeToken(_ row: borrowing Row) throws -> Token {
    guard let issuer = Issuer(row.text(9)), let state = TokenState(rawValue: row.text(11)) else {
        throw StoreError.failed("the token \(row.text(0)) cannot be read: unknown issuer or state")
    }
    return Token(
        id: TokenID(row.text(0)), revision: row.integer(1), name: row.text(2), description: row.text(3),
        owner: row.text(4), integration: row.text(5), scopes: decodeScopes(row.text(6)),
        labels: decodeLabels(row.text(7)), prefix: row.text(8), issuer: issuer, externalID: row.optionalText(10),
        state: state, createdAt: Instant(seconds: row.integer(12)), createdBy: row.text(13),
        expiresAt: row.instant(14), usage: usage(lastUsed: row.instant(15), trackedSince: row.instant(16)),
        end: row.instant(18).map { TokenEnd(at: $0, by: row.text(19), cause: row.text(20)) },
        values: ValueSummary(
            current: row.optionalInteger(21).map(Int.init), currentIssuedAt: row.instant(22),
            oldestIssuedAt: row.instant(23), rotationOpen: row.integer(24) != 0,
            awaitingRetirement: row.integer(25) != 0, overlapEndsAt: row.instant(26)),
        destinationCount: Int(row.integer(27)),
        provenance: Provenance(rawValue: row.text(17)) ?? .asserted)
}

private func usage(lastUsed: Instant?, trackedSince: Instant?) -> Usage {
    if let lastUsed { return .lastUsed(lastUsed) }
    if let trackedSince { return .neverUsed(since: trackedSince) }
    return .unknown
}

func decodeVersion(_ row: borrowing Row) throws -> Version {
    guard let state = VersionState(rawValue: row.text(1)) else {
        throw StoreError.failed("a version cannot be read: unknown state \(row.text(1))")
    }
    return Version(
        number: Int(row.integer(0)), state: state, digest: row.digest(2), hint: row.text(3),
        issuedAt: row.instant(4), endsAt: row.instant(5), endedAt: row.instant(6))
}

func decodeRotation(_ row: borrowing Row) throws -> Rotation {
    guard let phase = Rotation.Phase(rawValue: row.text(4)) else {
        throw StoreError.failed("a rotation cannot be read: unknown phase \(row.text(4))")
    }
    let claimedAt = Instant(seconds: row.integer(6))
    return Rotation(
        id: row.integer(0), tokenID: TokenID(row.text(1)), fromVersion: Int(row.integer(2)),
        toVersion: row.optionalInteger(3).map(Int.init), phase: phase, overlap: TimeSpan(seconds: row.integer(5)),
        claimedAt: claimedAt,
        claim: Change(actor: row.text(7), at: claimedAt, cause: row.text(8), run: row.optionalText(9)),
        policy: row.optionalText(10), failures: Int(row.integer(11)),
        nextAttemptAt: Instant(seconds: row.integer(12)), cause: row.optionalText(13))
}

func decodePush(_ row: borrowing Row) throws -> Push {
    guard let state = Push.State(rawValue: row.text(2)) else {
        throw StoreError.failed("a push row cannot be read: unknown state \(row.text(2))")
    }
    return Push(
        version: Int(row.integer(0)), destinationID: row.integer(1), state: state, base: row.optionalText(3),
        attempt: Int(row.integer(4)), verifiedBase: row.optionalText(5))
}

func decodeFinding(_ row: borrowing Row) throws -> Finding {
    Finding(
        id: row.integer(0), tokenID: TokenID(row.text(1)), policy: row.text(2), rule: row.text(3),
        reason: row.text(4), message: row.text(5), openedAt: Instant(seconds: row.integer(6)),
        closedAt: row.instant(7))
}
