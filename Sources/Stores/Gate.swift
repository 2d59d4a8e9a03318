import Engine
import JSON
import RotaCore
import SQLite

/// The gate: every transition of a version, a push row or a token's state, and nothing else writes those
/// columns. Each one is conditional, and writes its audit entry and its events with it.
extension SQLStore {
    // MARK: - Tokens

    func addToken(_ token: Token, version: Version?, destinations: [Destination], change: Change) throws {
        if token.end == nil, let other = try first(Statements.tokenNamed, [.text(token.name)], decodeToken),
            other.end == nil
        {
            throw StoreError.nameTaken(token.name)
        }
        try driver.execute(Statements.addToken, columns(of: token, destinations: destinations.count))
        if let version {
            try driver.execute(
                Statements.addVersion,
                [
                    .text(token.id.text), .of(version.number), .text(version.state.rawValue), .of(version.digest),
                    .text(version.hint), .of(version.issuedAt),
                ])
        }
        for destination in destinations { try insert(destination, of: token.id) }
        var after = image(of: token)
        after["destinations"] = .array(destinations.map { .string($0.description) })
        try audit(token.provenance == .asserted ? "token.import" : "token.issue", token.id.text, change, after)
        if token.provenance == .observed {
            try announce("token.issued", token.id, change, ["version": .of(version?.number)])
        }
    }

    private func columns(of token: Token, destinations: Int) -> [Value] {
        var lastUsed: Instant?
        var trackedSince: Instant?
        switch token.usage {
        case .lastUsed(let instant): lastUsed = instant
        case .neverUsed(let since): trackedSince = since
        case .unknown: break
        }
        return [
            .text(token.id.text), .integer(token.revision), .text(token.name), .text(token.description),
            .text(token.owner), .text(token.integration), .text(encode(scopes: token.scopes)),
            .text(encode(labels: token.labels)), .text(token.prefix), .text(token.issuer.description),
            .of(token.externalID), .text(token.state.rawValue), .of(token.createdAt), .text(token.createdBy),
            .of(token.expiresAt), lifetime(of: token), .of(lastUsed), .of(trackedSince), .of(token.idleSince),
            .text(token.provenance.rawValue), .of(token.end?.at), .of(token.end?.by), .of(token.end?.cause),
            .of(token.values.current), .of(token.values.currentIssuedAt), .of(token.values.oldestIssuedAt),
            .of(destinations),
        ]
    }

    private func lifetime(of token: Token) -> Value {
        token.expiresAt.map { .integer(($0 - token.createdAt).seconds) } ?? .null
    }

    private func insert(_ destination: Destination, of id: TokenID) throws {
        try driver.execute(
            Statements.addDestination,
            [
                .text(id.text), .text(destination.vault), .text(destination.path), .text(destination.field ?? ""),
                .of(destination.baseline),
            ])
    }

    func editToken(_ token: Token, change: Change) throws -> Bool {
        guard var before = try self.token(token.id) else { throw StoreError.failed("there is no token \(token.id)") }
        let old = image(of: before)
        before.name = token.name
        before.description = token.description
        before.owner = token.owner
        before.integration = token.integration
        before.scopes = token.scopes
        before.labels = token.labels
        before.prefix = token.prefix
        before.expiresAt = token.expiresAt
        let new = image(of: before)
        guard old != new else { return false }
        if let holder = try first(Statements.tokenNamed, [.text(token.name)], decodeToken), holder.id != token.id,
            holder.end == nil
        {
            throw StoreError.nameTaken(token.name)
        }
        try driver.execute(
            Statements.editToken,
            [
                .text(token.id.text), .text(before.name), .text(before.description), .text(before.owner),
                .text(before.integration), .text(encode(scopes: before.scopes)), .text(encode(labels: before.labels)),
                .text(before.prefix), .of(before.expiresAt), lifetime(of: before),
            ])
        var changed = JSON.Object()
        for member in new where old[member.key] != member.value { changed[member.key] = member.value }
        try audit("token.edit", token.id.text, change, changed)
        return true
    }

    func addDestination(_ destination: Destination, to id: TokenID, change: Change) throws {
        try insert(destination, of: id)
        try driver.execute(Statements.countDestination, [.text(id.text)])
        try audit("token.destination.add", id.text, change, ["destination": .string(destination.description)])
    }

    func revokeToken(_ id: TokenID, change: Change) throws -> Bool {
        let ended = try driver.execute(
            Statements.endToken,
            [.text(id.text), .text("revoked"), .of(change.at), .text(change.actor), .text(change.cause)])
        guard ended == 1 else { return false }
        try endEverything(of: id, as: .revoked, change: change)
        try audit("token.revoke", id.text, change, ["state": "revoked"])
        try announce("token.revoked", id, change)
        return true
    }

    func expireToken(_ id: TokenID, change: Change) throws -> Bool {
        let ended = try driver.execute(
            Statements.expireToken, [.text(id.text), .of(change.at), .text(change.actor), .text(change.cause)])
        guard ended == 1 else { return false }
        try endEverything(of: id, as: .expired, change: change)
        try audit("token.expire", id.text, change, ["state": "expired"])
        return true
    }

    private func endEverything(of id: TokenID, as state: VersionState, change: Change) throws {
        try driver.execute(Statements.endVersions, [.text(id.text), .text(state.rawValue), .of(change.at)])
        try driver.execute(Statements.endRotations, [.text(id.text), .text("the token has ended")])
        try driver.execute(Statements.closeFindings, [.text(id.text), .of(change.at), .text("the token has ended")])
        try summarise(id)
    }

    func recordImport(_ summary: ImportSummary, change: Change) throws {
        let after: JSON.Object = [
            "file": .string(summary.file), "digest": .string(summary.digest), "rows": .integer(summary.rows),
            "added": .integer(summary.added), "updated": .integer(summary.updated),
            "unchanged": .integer(summary.unchanged),
        ]
        try audit("inventory.import", summary.digest, change, after)
        try announce("inventory.imported", change, after)
    }

    // MARK: - Rotations (DESIGN section 5)

    func claimRotation(
        of id: TokenID, fromVersion: Int, overlap: TimeSpan, policy: String?, change: Change
    ) throws -> Rotation? {
        let claimed = try driver.execute(
            Statements.claim,
            [
                .text(id.text), .of(fromVersion), .integer(overlap.seconds), .of(change.at), .text(change.actor),
                .text(change.cause), .of(change.run), .of(policy),
            ])
        guard claimed == 1 else { return nil }
        try summarise(id)
        try audit(
            "rotation.claim", id.text, change,
            ["from_version": .integer(fromVersion), "overlap_seconds": .integer(overlap.seconds)])
        return try rotation(of: id)
    }

    func closeRotation(_ rotation: Int64, change: Change) throws -> Bool {
        guard let row = try first(Statements.rotation, [.integer(rotation)], decodeRotation),
            try driver.execute(Statements.closeRotation, [.integer(rotation), .text(change.cause)]) == 1
        else { return false }
        try summarise(row.tokenID)
        try audit("rotation.close", row.tokenID.text, change, ["phase": "closed"])
        return true
    }

    func arm(
        _ rotation: Int64, digest: Digest, hint: String, destinations: [Int64], change: Change
    ) throws -> Int? {
        let armed = try first(
            Statements.arm, [.integer(rotation), .blob(digest.bytes), .text(hint), .of(change.at)]
        ) { (TokenID($0.text(0)), Int($0.integer(1))) }
        guard let (id, version) = armed else { return nil }
        for destination in destinations {
            try driver.execute(Statements.addPush, [.text(id.text), .of(version), .integer(destination)])
        }
        try driver.execute(Statements.noteArmed, [.integer(rotation), .of(version)])
        try summarise(id)
        try audit(
            "version.arm", id.text, change,
            [
                "version": .integer(version), "state": "pending", "digest": .string(digest.description),
                "hint": .string(hint), "destinations": .array(destinations.map { .integer($0) }),
            ])
        return version
    }

    func markSending(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, ordered: Bool,
        at now: Instant
    ) throws -> Int? {
        let key: [Value] = [.text(token.text), .of(version), .integer(destination)]
        guard let row = try first(Statements.push, key, decodePush) else { return nil }
        // A read that is older than the base of an attempt before is a stale one.
        if ordered, let before = row.base.flatMap({ Int64($0) }), let now = Int64(base), now < before { return nil }
        return try first(Statements.sending, key + [.text(base), .of(attempt), .of(now)]) { Int($0.integer(0)) }
    }

    func markVerified(
        _ token: TokenID, version: Int, destination: Int64, base: String, at now: Instant
    ) throws -> Bool {
        try driver.execute(
            Statements.verified, [.text(token.text), .of(version), .integer(destination), .text(base), .of(now)]) == 1
    }

    func markFenced(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, at now: Instant
    ) throws -> Bool {
        try driver.execute(
            Statements.fenced,
            [.text(token.text), .of(version), .integer(destination), .of(attempt), .of(now)]) == 1
    }

    func discardPending(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        let values: [Value] = [.text(token.text), .of(version), .of(change.at)]
        guard try driver.execute(Statements.discard, values) == 1 else { return false }
        try summarise(token)
        try audit("version.discard", token.text, change, ["version": .integer(version), "state": "revoked"])
        return true
    }

    func leaveUnconfirmed(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        guard try driver.execute(Statements.unconfirm, [.text(token.text), .of(version)]) == 1 else { return false }
        try summarise(token)
        try audit("version.unconfirm", token.text, change, ["version": .integer(version), "state": "unconfirmed"])
        return true
    }

    func promote(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        let promotable = try first(Statements.isPromotable, [.text(token.text), .of(version)]) {
            (rotation: $0.integer(0), overlap: TimeSpan(seconds: $0.integer(1)))
        }
        guard let promotable else { return false }
        let end = change.at + promotable.overlap
        // The old one first: only one version may be current at a time.
        try driver.execute(Statements.endOlder, [.text(token.text), .of(version), .of(end)])
        guard try driver.execute(Statements.promote, [.text(token.text), .of(version)]) == 1 else {
            throw StoreError.failed("version \(version) of \(token) was promotable and is not any more")
        }
        try driver.execute(Statements.noteOverlap, [.integer(promotable.rotation), .of(end)])
        try summarise(token)
        let after: JSON.Object = [
            "version": .integer(version), "state": "current", "previous_ends_at": .string(end.description),
        ]
        try audit("version.promote", token.text, change, after)
        try announce("token.rotated", token, change, after)
        return true
    }

    func retire(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        let values: [Value] = [.text(token.text), .of(version), .of(change.at)]
        guard try driver.execute(Statements.retire, values) == 1 else { return false }
        try driver.execute(Statements.finishRotation, [.text(token.text)])
        try summarise(token)
        try audit("version.retire", token.text, change, ["version": .integer(version), "state": "revoked"])
        try announce("token.version_retired", token, change, ["version": .integer(version)])
        return true
    }

    func stall(_ rotation: Int64, cause: String, nextAttemptAt: Instant, at now: Instant) throws {
        guard let row = try first(Statements.rotation, [.integer(rotation)], decodeRotation),
            try driver.execute(
                Statements.stall, [.integer(rotation), .text(cause), .of(nextAttemptAt)]) == 1
        else { return }
        let change = Change(actor: "rota", at: now, cause: cause, run: row.claim.run)
        try audit(
            "rotation.stall", row.tokenID.text, change,
            ["failures": .integer(row.failures + 1), "next_attempt_at": .string(nextAttemptAt.description)])
    }

    // MARK: - Images

    /// Makes the facts about a token's versions anew, and counts the change.
    private func summarise(_ id: TokenID) throws {
        try driver.execute(Statements.summarise, [.text(id.text)])
    }

    /// A token's own columns, as audit entries show them.
    private func image(of token: Token) -> JSON.Object {
        [
            "name": .string(token.name), "description": .string(token.description), "owner": .string(token.owner),
            "integration": .string(token.integration), "scopes": .array(token.scopes.map { .string($0) }),
            "labels": .object(JSON.Object(token.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            "prefix": .string(token.prefix), "issuer": .string(token.issuer.description),
            "state": .string(token.state.rawValue), "created_at": .string(token.createdAt.description),
            "expires_at": token.expiresAt.map { .string($0.description) } ?? .null,
        ]
    }
}

extension JSON {
    fileprivate static func of(_ number: Int?) -> JSON { number.map { .integer($0) } ?? .null }
}
