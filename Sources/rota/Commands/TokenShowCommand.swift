import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenShow = Command(
        words: ["token", "show"],
        summary: "show a token with its versions, uses, destinations, rotation, notices and findings",
        operand: Operand(name: "TOKEN", help: "a name or an id"),
        examples: [
            "rota token show ingest", "rota token show ingest --json | jq '.versions[] | select(.valid)'",
        ],
        run: showToken)
}

private func showToken(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let now = invocation.clock.now()
    let details = try TokenDetails(
        of: store.requireToken(invocation.arguments.operands[0]), from: store, at: now,
        caveats: composition.configuration.caveats,
        // A fault in them hides when a quarantine ends and how old a notice has to be, and nothing else.
        policies: composition.loadedPolicies?.policies ?? [])
    if invocation.wantsJSON {
        invocation.output.document(details.json(at: now))
    } else {
        details.print(on: invocation.output, at: now)
    }
    return .done
}

extension TokenDetails {
    fileprivate func print(on output: Output, at now: Instant) {
        fields(at: now).print(on: output)
        section("Versions", on: output, ["version", "state", "valid", "last four", "issued", "until"]) {
            table in
            for version in versions.sorted(by: { $0.number > $1.number }) {
                table.add(row(version, at: now))
            }
        }
        section("Uses of the last 30 days", on: output, UsageDocument.headings) { table in
            for use in usage.versions { table.add(UsageDocument.row(use, at: now)) }
        }
        section("Used after they were revoked", on: output, QuarantineDocument.reuseHeadings) { table in
            for use in reuses { table.add(QuarantineDocument.row(use)) }
        }
        section("Destinations", on: output, ["destination", "last verified", "last pushes"]) { table in
            for destination in destinations { table.add(row(destination, at: now)) }
        }
        section("Notices of coming actions", on: output, NoticeDocument.headings) { table in
            for notice in notices { table.add(NoticeDocument.row(notice, policies)) }
        }
        section("Findings", on: output, ["policy", "rule", "since", "closed", "finding"]) { table in
            for finding in findings {
                table.add([
                    finding.policy, finding.rule, finding.openedAt.description,
                    finding.closedAt?.description ?? "open", finding.message,
                ])
            }
        }
    }

    private func section(
        _ title: String, on output: Output, _ headings: [String], _ fill: (inout Table) -> Void
    ) {
        var table = Table(headings, on: output, title: title)
        fill(&table)
        table.finish()
    }

    private func fields(at now: Instant) -> Fields {
        var fields = Fields()
        fields.add("name", token.name)
        fields.add("id", token.id.text)
        fields.add("state", standing(at: now))
        fields.add("ended", token.end.map { "\(spoken($0.at, from: now)) by \($0.by): \($0.cause)" })
        for fact in quarantine.map({ QuarantineDocument.facts($0, at: now) }) ?? [] { fields.add(fact.name, fact.text) }
        fields.add("missing", absence.map { AbsenceDocument.sentence($0, at: now) })
        fields.add("value", missing.map { "none yet: \($0.why); \($0.remedy)" })
        fields.add("description", token.description)
        fields.add("owner", token.owner)
        fields.add("integration", token.integration)
        fields.add("scopes", token.scopes.joined(separator: " "))
        fields.add(
            "labels",
            token.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
        fields.add("issuer", token.issuer == .rota ? nil : token.issuer.description)
        fields.add("external id", token.externalID)
        fields.add(
            "created",
            spoken(token.createdAt, from: now) + (token.createdBy.isEmpty ? "" : " by \(token.createdBy)"))
        fields.add("ends", token.expiresAt.map { spoken($0, from: now) } ?? "never")
        fields.add("last used", lastUse(at: now))
        UsageDocument.addFields(usage, to: &fields)
        fields.add("dates", token.provenance == .asserted ? "imported, not observed" : nil)
        if let rotation, rotation.phase == .open || rotation.phase == .overlap {
            fields.add("rotation", describe(rotation, at: now))
        }
        fields.add(rotation == nil ? "rotation" : "next rotation", failed.map { TokenDocument.sentence($0, from: now) })
        fields.add("last failure", missing == nil ? lastFailure?.sentence(at: now) : nil)
        return fields
    }

    private func standing(at now: Instant) -> String {
        if token.state == .active, !token.canAuthenticate(at: now) {
            return "past its end: its values are not accepted"
        }
        return token.state.rawValue
    }

    private func lastUse(at now: Instant) -> String {
        switch token.usage {
        case .lastUsed(let instant): spoken(instant, from: now)
        case .neverUsed(let since) where token.usageAssertedUntil.map { since <= $0 } ?? false:
            "never, since \(since) as imported"
        case .neverUsed(let since): "never, since watching began at \(since)"
        case .unknown: "unknown"
        }
    }

    private func describe(_ rotation: Rotation, at now: Instant) -> String {
        let by = rotation.trigger.map { " by policy \($0.policy)" } ?? ""
        let target = rotation.toVersion.map { " to version \($0)" } ?? ""
        guard rotation.phase == .open else {
            let held = rotation.cause.map { "; \($0)" } ?? ""
            return "from version \(rotation.fromVersion)\(target)\(by): done but for the overlap\(held)"
        }
        let since = distance(to: rotation.claimedAt, from: now)
        let end = rotation.leavesEnd(of: token) ? "; the token keeps its end, which was moved meanwhile" : ""
        let begun = "from version \(rotation.fromVersion)\(target)\(by), begun \(since)\(end)"
        guard let cause = rotation.cause else { return begun }
        return "\(begun); \(counted(rotation.failures, "failure")), next try "
            + "\(distance(to: rotation.nextAttemptAt, from: now)): \(cause)"
    }

    private func row(_ version: Version, at now: Instant) -> [String] {
        let isValid = TokenDocument.isValid(version, of: token, at: now)
        return [
            String(version.number), version.state.rawValue, isValid ? validity(version, at: now) : "no",
            version.hint.isEmpty ? "-" : version.hint,
            version.issuedAt?.description ?? "unknown",
            (version.endedAt ?? version.endsAt)?.description ?? "-",
        ]
    }

    /// A value that was imported without its digest is in use somewhere, but cannot be told here from any other.
    private func validity(_ version: Version, at now: Instant) -> String {
        version.digest == nil && token.issuer == .rota
            ? "unknown here: not accepted" : "still valid\(ending(version, at: now))"
    }

    /// An end is a promise to consumers, which a run keeps.
    private func ending(_ version: Version, at now: Instant) -> String {
        guard version.state != .current, rotation?.cause == nil, let end = version.endsAt, end <= now else { return "" }
        if let next = rotation?.nextAttemptAt, next > now {
            return ", kept until its consumers have changed over: next look \(distance(to: next, from: now))"
        }
        return ", ends with the next run"
    }

    private func row(_ destination: Destination, at now: Instant) -> [String] {
        let pushes = pushes(to: destination)
        let holds =
            pushes.first { $0.state == .verified }.map { "version \($0.version)" } ?? "nothing of ours"
        let last = pushes.prefix(3).map { "\($0.version) \($0.state.rawValue)" }.joined(separator: ", ")
        let caveat = caveats[destination.vault].map { " (\($0))" } ?? ""
        let drift = self.drift[destination.description].map {
            "; drift: \($0.drift.rawValue), seen \(distance(to: $0.seenAt, from: now))"
        }
        return [destination.description, holds + caveat + (drift ?? ""), last.isEmpty ? "-" : last]
    }
}
