package import Engine
package import JSON
package import RotaCore

/// Tokens as `--json` shows them: fields are only ever added.
package enum TokenDocument {
    package static func json(_ token: Token, at now: Instant) -> JSON {
        [
            "id": .string(token.id.text), "name": .string(token.name),
            "description": .string(token.description),
            "owner": .string(token.owner), "integration": .string(token.integration),
            "scopes": .array(token.scopes.map { .string($0) }),
            "labels": .object(
                JSON.Object(token.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            "prefix": .string(token.prefix), "issuer": .string(token.issuer.description),
            "external_id": text(token.externalID), "state": .string(token.state.rawValue),
            "active": .bool(token.canAuthenticate(at: now)), "revision": .integer(token.revision),
            "created_at": time(token.createdAt), "created_by": .string(token.createdBy),
            "expires_at": time(token.expiresAt), "last_used_at": lastUse(token.usage),
            "tracked_since": trackedSince(token.usage),
            "version": token.values.current.map { .integer($0) } ?? .null,
            "value_issued_at": time(token.values.currentIssuedAt),
            "rotation_open": .bool(token.values.rotationOpen),
            "destination_count": .integer(token.destinationCount),
            "provenance": .string(token.provenance.rawValue),
            "end": token.end.map { end in
                ["at": time(end.at), "by": .string(end.by), "cause": .string(end.cause)]
            } ?? .null,
        ]
    }

    package static func json(_ version: Version, of token: Token, at now: Instant) -> JSON {
        [
            "number": .integer(version.number), "state": .string(version.state.rawValue),
            "valid": .bool(isValid(version, of: token, at: now)), "hint": .string(version.hint),
            "issued_at": time(version.issuedAt), "ends_at": time(version.endsAt),
            "ended_at": time(version.endedAt),
        ]
    }

    /// Whether this very value is accepted now.
    package static func isValid(_ version: Version, of token: Token, at now: Instant) -> Bool {
        token.canAuthenticate(at: now) && version.state.authenticates
    }

    package static func json(_ rotation: Rotation) -> JSON {
        [
            "phase": .string(rotation.phase.rawValue), "from_version": .integer(rotation.fromVersion),
            "to_version": rotation.toVersion.map { .integer($0) } ?? .null,
            "claimed_at": time(rotation.claimedAt), "policy": text(rotation.trigger?.policy),
            "overlap_seconds": .integer(rotation.overlap.seconds),
            "overlap_cap_seconds": .integer(
                (rotation.overlap + rotation.cap.patience(after: rotation.overlap)).seconds),
            "at_cap": rotation.cap.revokes ? "revoke" : "alarm",
            "alarmed_at": time([rotation.alarmedAt, rotation.useAlarmedAt].compactMap(\.self).max()),
            "retire": rotation.cap.endsWhenIdle ? "when-idle" : "after-overlap",
            "promoted_at": time(rotation.promotedAt),
            "renewal_seconds": rotation.trigger?.renewal.map { .integer($0.seconds) } ?? .null,
            "end_at_claim": time(rotation.endAtClaim),
            "failures": .integer(rotation.failures),
            "next_attempt_at": time(rotation.nextAttemptAt), "cause": text(rotation.cause),
        ]
    }

    package static func json(_ failed: FailedAttempts?) -> JSON {
        guard let failed else { return .null }
        return [
            "policy": .string(failed.policy), "failures": .integer(failed.count), "since": time(failed.since),
            "next_attempt_at": time(failed.nextAttemptAt), "alarmed_at": time(failed.alarmedAt),
            "cause": .string(failed.cause),
        ]
    }

    /// Of a rotation that could not begin.
    package static func sentence(_ failed: FailedAttempts, from now: Instant) -> String {
        "could not begin: \(counted(failed.count, "failure")) since \(spoken(failed.since, from: now)), next try not "
            + "before \(spoken(failed.nextAttemptAt, from: now)): \(failed.cause)"
    }

    package static func json(_ finding: Finding) -> JSON {
        [
            "policy": .string(finding.policy), "rule": .string(finding.rule),
            "reason": .string(finding.reason),
            "message": .string(finding.message), "opened_at": time(finding.openedAt),
            "closed_at": time(finding.closedAt),
        ]
    }

    package static func time(_ instant: Instant?) -> JSON { text(instant?.description) }
    package static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

    /// A time, `never`, or null for unknown.
    private static func lastUse(_ usage: Usage) -> JSON {
        switch usage {
        case .lastUsed(let instant): time(instant)
        case .neverUsed: "never"
        case .unknown: .null
        }
    }

    private static func trackedSince(_ usage: Usage) -> JSON {
        if case .neverUsed(let since) = usage { time(since) } else { .null }
    }
}
