import Engine
import JSON
import RotaCore
import SQLite

/// The one gate: every transition of a token, a version or a push row (DESIGN section 5), and nothing else
/// writes their states.
///
/// Each begins with one conditional statement that carries the whole condition. Where that changes nothing,
/// the answer is false or nil; where it does, the token's summary, one audit entry and the events follow in
/// the same transaction. Whatever ends a value or puts another one into its place asks first whether there is a brake.
extension SQLStore {
    // MARK: - Tokens

    func addToken(_ token: Token, version: Version?, destinations: [Destination], change: Change) throws {
        try requireReconciled()
        if !isLoading, let digest = version?.digest, try self.version(with: digest) != nil {
            throw StoreError.failed("another token has this value already")
        }
        guard destinations.count < 2 || Set(destinations.map(\.description)).count == destinations.count else {
            throw StoreError.failed("it names a destination twice")
        }
        if !isLoading, token.end == nil {
            try requireFree(destinations, for: token.id)
            for place in destinations { try requireNoLateWrite(to: place, for: token.id, at: change.at) }
        }
        try insert(token, version: version, destinationCount: destinations.count, at: change.at)
        if let version { try insert(version, of: token.id) }
        if token.state == .quarantined { try noteQuarantine(of: token.id, change) }
        try place(destinations, of: token.id)
        let action = token.provenance == .observed ? "token.issue" : "token.import"
        let image = TokenImage(token: token, version: version, destinations: destinations)
        try audit(action, of: token.id.text, change) { image.write(to: &$0) }
        if token.provenance == .observed {
            try emit("token.issued", about: token.id, change, ["version": .of(version?.number)])
        }
    }

    func revokeToken(_ id: TokenID, isEmergency: Bool, change: Change) throws -> Bool {
        let brake = try brake(at: change.at)
        if !isEmergency, let brake { throw StoreError.held(brake) }
        let former = try state(of: id)
        let values: [Value] = [.of(id), .of(change.at), .text(change.actor.name), .text(change.cause)]
        guard try driver.execute(.endToken, values) == 1 else { return false }
        // Said only of an emergency: what is not one went past nothing.
        var details: JSON.Object = [:]
        if isEmergency { details = ["emergency": true, "despite": .of(brake?.code)] }
        try end(id, .revoked, from: former, "token.revoke", change, details)
        try emit("token.revoked", about: id, change, details)
        return true
    }

    func expireToken(_ id: TokenID, change: Change) throws -> Bool {
        try requireReleased(at: change.at)
        let former = try state(of: id)
        let values: [Value] = [.of(id), .of(change.at), .text(change.actor.name), .text(change.cause)]
        guard try driver.execute(.expireToken, values) == 1 else { return false }
        // Its last day, and not when somebody saw that it was over.
        try end(id, .expired, from: former, "token.expire", change, ["ended_at": .of(try token(id)?.end?.at)])
        return true
    }

    /// What ends with a token: its versions, its rotation, its findings.
    func end(
        _ id: TokenID, _ state: VersionState, from former: TokenState?, _ action: String, _ change: Change,
        _ details: JSON.Object = [:]
    ) throws {
        try driver.execute(.endQuarantine, [.of(id)])
        try driver.execute(.endAbsence, [.of(id)])
        try driver.execute(.forgetFailedAttempts, [.of(id)])
        let versions = try numbers(.endVersions, [.of(id), .text(state.rawValue), .of(change.at)])
        let rotations = try numbers(.closeRotations, [.of(id), .text(change.cause)])
        let findings = try numbers(.closeFindings, [.of(id), .of(change.at), .text("the token ended")])
        let after: JSON.Object = [
            "state": .string(state.rawValue), "versions": .of(versions), "closed_rotations": .of(rotations),
            "closed_findings": .of(findings),
        ]
        try conclude(action, id, change, before: .ofState(former), .joining(after, details))
    }

    // MARK: - From the claim to the arming

    func claimRotation(
        of id: TokenID, fromVersion: Int, overlap: TimeSpan, cap: OverlapCap, trigger: RotationTrigger?,
        change: Change
    ) throws -> Rotation? {
        try requireReleased(at: change.at)
        let claimed = try driver.execute(
            .claimRotation,
            [
                .of(id), .of(fromVersion), .of(overlap), .of(change.at), .text(change.actor.name),
                .text(change.cause),
                .of(change.run), .of(trigger?.policy), .of(trigger?.rule), .of(trigger?.reason),
                .of(trigger?.message), .of(trigger?.deadline), .of(cap.span), .of(cap.revokes),
                .of(cap.endsWhenIdle), .of(trigger?.renewal),
            ])
        guard claimed == 1, let rotation = try rotation(of: id) else { return nil }
        let number = rotation.id
        _ = takeUp(number)
        var after: JSON.Object = [
            "rotation": .integer(number), "phase": "open", "from_version": .integer(fromVersion),
            "overlap": .integer(overlap.seconds),
        ]
        if let span = cap.span { after["overlap_cap"] = .integer(span.seconds) }
        if cap.revokes { after["revoke_at_cap"] = true }
        if cap.endsWhenIdle { after["retire_when_idle"] = true }
        if let trigger {
            after["policy"] = .string(trigger.policy)
            after["rule"] = .string(trigger.rule)
            after["reason"] = .string(trigger.reason)
            after["message"] = .string(trigger.message)
            after["deadline"] = .of(trigger.deadline)
            if let renewal = trigger.renewal {
                after["renewal"] = .integer(renewal.seconds)
                after["end_at_claim"] = .of(rotation.endAtClaim)
            }
        }
        try conclude("rotation.claim", id, change, after)
        return rotation
    }

    func supersedeOverlap(of id: TokenID, change: Change) throws -> Bool {
        try requireReleased(at: change.at)
        guard let rotation = try numbers(.supersedeOverlap, [.of(id)]).first else { return false }
        try conclude("rotation.supersede", id, change, ["rotation": .integer(rotation), "phase": "done"])
        return true
    }

    func takeUp(_ rotation: Int64) -> Bool {
        driver.hold(.rotation(rotation))
    }

    func letGo(_ rotation: Int64) {
        driver.release(.rotation(rotation))
    }

    func closeRotation(_ rotation: Int64, change: Change) throws -> Bool {
        let closed = try driver.first(.giveUpClaim, [.integer(rotation), .text(change.cause)]) { row in
            (id: TokenID(row.text(0)), firstEnd: row.optionalInstant(1))
        }
        guard let (id, firstEnd) = closed else { return false }
        var after: JSON.Object = ["rotation": .integer(rotation), "phase": "closed"]
        if let firstEnd, let reopened = try numbers(.reopenOverlap, [.of(id), .of(firstEnd)]).first {
            after["reopened"] = .integer(reopened)
        }
        try conclude("rotation.close", id, change, after)
        return true
    }

    func arm(
        _ rotation: Int64, digest: Digest, hint: String, destinations: [Int64], change: Change
    ) throws -> Int? {
        try requireReleased(at: change.at)
        guard try driver.execute(.chooseVersion, [.integer(rotation)]) == 1 else { return nil }
        let chosen = try driver.first(.chosenVersion, [.integer(rotation)]) { row in
            (id: TokenID(row.text(0)), number: row.count(1))
        }
        guard let (id, number) = chosen else { return nil }
        try insert(
            Version(number: number, state: .pending, digest: digest, hint: hint, issuedAt: change.at), of: id)
        for destination in destinations {
            let values: [Value] = [.of(id), .of(number), .integer(destination), .of(change.at)]
            guard try driver.execute(.addPush, values) == 1 else {
                throw StoreError.refused(
                    "a destination of \(id) was taken away", hint: "a later run goes on without it")
            }
        }
        try driver.execute(.forgetFailedAttempts, [.of(id)])
        try conclude(
            "version.arm", id, change,
            [
                "rotation": .integer(rotation), "version": .integer(number), "state": "pending",
                "digest": .string(digest.description), "destinations": .of(destinations),
            ])
        return number
    }

    // MARK: - Push rows: the row is its own record, and the promotion's audit entry sums them up

    func markSending(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, ordered: Bool,
        at now: Instant
    ) throws -> Int? {
        try requireReleased(at: now)
        let row: [Value] = [.of(token), .of(version), .integer(destination), .of(attempt)]
        // The base of a row changes only with its attempt, which the statement below compares again.
        if ordered, let held = try driver.first(.pushBase, row, { $0.optionalText(0) }) ?? nil,
            !Self.isAtLeast(base, held)
        {
            return nil
        }
        return try driver.execute(.markSending, row + [.text(base), .of(now)]) == 1 ? attempt + 1 : nil
    }

    /// Whether a decimal number is not below another one; what is none cannot be put in order.
    private static func isAtLeast(_ base: String, _ held: String) -> Bool {
        guard let base = UInt64(base), let held = UInt64(held) else { return false }
        return base >= held
    }

    func markVerified(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, base: String, at now: Instant
    ) throws -> Bool {
        let row: [Value] = [.of(token), .of(version), .integer(destination), .of(attempt)]
        return try driver.execute(.markVerified, row + [.text(base), .of(now)]) == 1
    }

    func markFilling(
        _ token: TokenID, with current: Int, version: Int, destination: Int64, attempt: Int, base: String,
        at now: Instant
    ) throws -> Push? {
        try requireReleased(at: now)
        let row: [Value] = [.of(token), .of(version), .integer(destination), .of(attempt)]
        guard try driver.execute(.addFilling, row + [.of(now), .of(current)]) == 1 else { return nil }
        try driver.execute(.sendFilling, [.of(token), .of(current), .integer(destination), .text(base), .of(now)])
        return try pushes(of: token).first { $0.version == current && $0.destinationID == destination }
    }

    func markFenced(
        _ token: TokenID, version: Int, destination: Int64, attempt: Int, at now: Instant
    ) throws -> Bool {
        try driver.execute(
            .markFenced, [.of(token), .of(version), .integer(destination), .of(attempt), .of(now)]) == 1
    }

    func stall(_ rotation: Int64, cause: String, nextAttemptAt: Instant, tells: Bool, at now: Instant) throws {
        let stalled = try driver.first(
            .stallRotation, [.integer(rotation), .text(cause), .of(nextAttemptAt)]
        ) { row in
            (id: TokenID(row.text(0)), failures: row.integer(1), run: row.optionalText(2))
        }
        guard let stalled else { return }
        let change = Change(actor: "rota", at: now, cause: cause, run: stalled.run)
        var details: JSON.Object = [
            "failures": .integer(stalled.failures), "next_attempt_at": .of(nextAttemptAt),
        ]
        try audit("rotation.stall", of: stalled.id.text, change, details.with("rotation", rotation))
        guard tells, try driver.first(.raiseAlarm, [.integer(rotation), .of(now)], { _ in true }) != nil else { return }
        details["reason"] = "stalled"
        try emit("token.rotation_stuck", about: stalled.id, change, details)
    }

    // MARK: - What becomes of a pending version

    func discardPending(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        try requireReleased(at: change.at)
        let values: [Value] = [.of(token), .of(version), .of(change.at)]
        guard try driver.execute(.discardPending, values) == 1 else { return false }
        try driver.execute(.forgetVersion, [.of(token), .of(version)])
        try conclude("version.discard", token, change, ["version": .integer(version), "state": "revoked"])
        return true
    }

    func noteRejection(_ rotation: Int64) throws -> Int {
        try numbers(.noteRejection, [.integer(rotation)]).first.map { Int($0) } ?? 0
    }

    func leaveUnconfirmed(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        guard try driver.execute(.leaveUnconfirmed, [.of(token), .of(version)]) == 1 else { return false }
        try driver.execute(.forgetVersion, [.of(token), .of(version)])
        try conclude(
            "version.unconfirm", token, change, ["version": .integer(version), "state": "unconfirmed"])
        return true
    }

    func promote(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        try requireReleased(at: change.at)
        guard try driver.execute(.finishPushing, [.of(token), .of(version), .of(change.at)]) == 1,
            let rotation = try rotation(of: token)
        else { return false }
        let end = change.at + rotation.overlap
        let ending = try driver.all(.versionsToEnd, [.of(token)]) { row in
            (number: row.integer(0), isCurrent: row.holds("current", 1))
        }
        let previous = ending.filter(\.isCurrent).map(\.number)
        let unconfirmed = ending.filter { !$0.isCurrent }.map(\.number)
        // In this order: a token has one current version at every instant.
        if !previous.isEmpty { try driver.execute(.demoteCurrent, [.of(token), .of(end)]) }
        if !unconfirmed.isEmpty { try driver.execute(.endUnconfirmed, [.of(token), .of(end)]) }
        guard try driver.execute(.promotePending, [.of(token), .of(version)]) == 1 else {
            throw StoreError.failed("version \(version) of \(token) is not pending any more")
        }
        try driver.execute(.finishRotation, [.of(token)])
        var after: JSON.Object = [
            "rotation": .integer(rotation.id), "version": .integer(version), "state": "current",
            "previous": .of(previous), "unconfirmed": .of(unconfirmed), "ends_at": .of(end),
        ]
        var before: JSON.Object = [:]
        if let renewal = rotation.trigger?.renewal {
            let end = change.at + renewal
            if try driver.execute(.renewToken, [.of(token), .of(end), .of(rotation.endAtClaim)]) == 1 {
                after["expires_at"] = .of(end)
                before["expires_at"] = .of(rotation.endAtClaim)
            } else {
                let isMoved = try self.token(token).map { rotation.leavesEnd(of: $0) } ?? false
                after["end_kept"] = .string(
                    isMoved ? "it was moved after the rotation was claimed" : "it is not nearer than the new one")
            }
        }
        try conclude("version.promote", token, change, before: before, after)
        try emit(
            "token.rotated", about: token, change,
            [
                "version": .integer(version), "previous_version": .of(previous.first.map { Int($0) }),
                "previous_ends_at": previous.isEmpty ? .null : .of(end),
            ])
        return true
    }

    func lowerEnds(of token: TokenID, to end: Instant, change: Change) throws -> [Int] {
        try requireReleased(at: change.at)
        let former = try versions(of: token)
        let lowered = try numbers(.lowerEnds, [.of(token), .of(end)]).sorted()
        guard !lowered.isEmpty else { return [] }
        try driver.execute(.hastenRetirement, [.of(token), .of(end)])
        let ends = lowered.map { number in former.first { $0.number == Int(number) }?.endsAt }
        try conclude(
            "version.end_sooner", token, change, before: ["ends_at": .array(ends.map { .of($0) })],
            ["versions": .of(lowered), "ends_at": .of(end)])
        return lowered.map { Int($0) }
    }

    func retire(
        _ token: TokenID, version: Int, evidence: OverlapEvidence?, inUse: Bool, change: Change
    ) throws -> Bool {
        try requireReleased(at: change.at)
        // Nothing was used after the end of time.
        let values: [Value] = [
            .of(token), .of(version), .of(change.at), .of(evidence?.silentSince ?? Instant(seconds: .max)),
            .of(evidence?.inUseSince ?? Instant(seconds: .max)),
        ]
        guard try driver.execute(.retireVersion, values) == 1 else { return false }
        try driver.execute(.finishRotation, [.of(token)])
        let use = inUse ? try lastUse(of: version, token) : [:]
        try conclude(
            "version.retire", token, change, .joining(["version": .integer(version), "state": "revoked"], use))
        try emit("token.version_retired", about: token, change, .joining(["version": .integer(version)], use))
        return true
    }

    func retireEarly(_ token: TokenID, _ versions: [Int], evidence: OverlapEvidence, change: Change) throws -> Bool {
        struct StillInUse: Error {}
        do {
            try driver.savepoint {
                _ = try lowerEnds(of: token, to: change.at, change: change)
                for version in versions {
                    guard
                        try retire(
                            token, version: version, evidence: evidence, inUse: false, change: change)
                    else {
                        throw StillInUse()
                    }
                }
            }
            return true
        } catch is StillInUse {
            return false
        }
    }

    func prolongOverlap(_ rotation: Int64, cause: String?, nextAttemptAt: Instant, at now: Instant) throws {
        let former = try driver.first(.rotationCause, [.integer(rotation)]) {
            (TokenID($0.text(0)), $0.optionalText(1))
        }
        guard let (id, formerCause) = former,
            try driver.execute(.prolongOverlap, [.integer(rotation), .of(cause), .of(nextAttemptAt)]) == 1,
            cause != nil || formerCause != nil
        else { return }
        let change = Change(actor: "rota", at: now, cause: cause ?? "nothing is in its way any more")
        let details: JSON.Object = ["stalled": .bool(cause != nil), "next_attempt_at": .of(nextAttemptAt)]
        try audit("rotation.prolong", of: id.text, change, details.with("rotation", rotation))
    }

    func raiseAlarm(_ rotation: Int64, version: Int, change: Change) throws -> Bool {
        let alarmed = try driver.first(.raiseUseAlarm, [.integer(rotation), .of(change.at)]) { row in
            TokenID(row.text(0))
        }
        guard let id = alarmed else { return false }
        let details: JSON.Object = .joining(["version": .integer(version)], try lastUse(of: version, id))
        try audit("rotation.stuck", of: id.text, change, details.with("rotation", rotation))
        try emit("token.rotation_stuck", about: id, change, details)
        return true
    }

    // MARK: - Helpers

    /// What is told of an older version that is in use.
    private func lastUse(of version: Int, _ id: TokenID) throws -> JSON.Object {
        let last = try lastUse(of: id, version: version)
        return [
            "reason": "previous-in-use", "last_used_at": .of(last?.accepted.last),
            "sources": .of(last?.accepted.sources ?? Sightings()),
            "agents": .of(last?.accepted.agents ?? Sightings()),
        ]
    }

    /// Recomputes the columns that evaluation reads, and writes the audit entry of a transition.
    func conclude(
        _ action: String, _ id: TokenID, _ change: Change, before: JSON.Object = [:], _ after: JSON.Object
    ) throws {
        try driver.execute(.refreshSummary, [.of(id)])
        let revision = try driver.first(.revision, [.of(id)]) { $0.integer(0) }
        try audit(action, of: id.text, change, before: before, after.with("revision", revision))
    }

    func state(of id: TokenID) throws -> TokenState? {
        try driver.first(.stateOfToken, [.of(id)]) { try $0.word(0) }
    }

    /// The first column of every row that a statement changed.
    private func numbers(_ statement: Statement, _ values: [Value]) throws -> [Int64] {
        guard driver.isInTransaction else { throw StoreError.failed("a change outside a transaction") }
        return try driver.all(statement, values) { $0.integer(0) }
    }
}
