package import Engine
package import JSON
package import RotaCore

/// Everything that the store knows of one token.
package struct TokenDetails {
    package let token: Token
    package let versions: [Version]
    package let destinations: [Destination]
    package let pushes: [Push]
    package let rotation: Rotation?
    package let failed: FailedAttempts?
    package let lastFailure: LastFailure?
    /// As it was seen last, by the destination.
    package let drift: [String: KnownDrift.Place]
    package let findings: [Finding]
    package let missing: MissingValue?
    package let usage: UsageSummary
    package let quarantine: QuarantineOutlook?
    package let absence: Absence?
    package let notices: [StandingNotice]
    package let policies: [Policy]
    /// Uses of values that had been revoked.
    package let reuses: [ToldUse]
    /// What is not promised, by the name of the vault.
    package let caveats: [String: String]

    package init(
        of token: Token, from store: some StoreReads, at now: Instant, caveats: [String: String], policies: [Policy]
    ) throws {
        self.token = token
        self.caveats = caveats
        versions = try store.versions(of: token.id)
        destinations = try store.destinations(of: token.id)
        pushes = try store.pushes(of: token.id)
        rotation = try store.rotation(of: token.id)
        failed = try store.failedAttempts(of: token.id)
        lastFailure = token.end == nil ? try LastFailure(of: token.id, from: store) : nil
        let places = try store.knownDrift()?.places.filter { $0.token.id == token.id } ?? []
        drift = Dictionary(places.map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        findings = try store.findings(of: token.id)
        missing = try MissingValue(of: token, from: store)
        usage = try UsageSummary(of: token, from: store, at: now)
        quarantine = try store.quarantineOutlook(of: token, by: policies, at: now)
        notices = try store.notices(of: token.id)
        self.policies = policies
        absence = try store.absence(of: token.id)
        reuses = try store.toldUses(of: token.id).filter { $0.kind == .reuse }
    }

    package func json(at now: Instant) -> JSON {
        [
            "token": TokenDocument.json(token, at: now),
            "versions": .array(versions.map { TokenDocument.json($0, of: token, at: now) }),
            "destinations": .array(destinations.map(json)),
            "rotation": rotation.map { TokenDocument.json($0) } ?? .null,
            "failed_attempts": TokenDocument.json(failed), "last_failure": lastFailure?.json ?? .null,
            "findings": .array(findings.map { TokenDocument.json($0) }),
            "notices": .array(notices.map { NoticeDocument.json($0, policies) }), "usage": UsageDocument.json(usage),
            "quarantine": QuarantineDocument.json(quarantine),
            "missing": AbsenceDocument.json(absence), "reuse": .array(reuses.map(QuarantineDocument.json)),
        ]
    }

    private func json(_ destination: Destination) -> JSON {
        [
            "destination": .string(destination.description), "vault": .string(destination.vault),
            "path": .string(destination.path), "field": TokenDocument.text(destination.field),
            "caveat": TokenDocument.text(caveats[destination.vault]),
            "drift": drift[destination.description].map { place in
                ["finding": .string(place.drift.rawValue), "seen_at": TokenDocument.time(place.seenAt)]
            } ?? .null,
            "pushes": .array(
                pushes(to: destination).map { push in
                    [
                        "version": .integer(push.version), "state": .string(push.state.rawValue),
                        "attempts": .integer(push.attempt),
                    ]
                }),
        ]
    }

    /// Newest version first.
    package func pushes(to destination: Destination) -> [Push] {
        pushes.filter { $0.destinationID == destination.id }.sorted { $0.version > $1.version }
    }
}
