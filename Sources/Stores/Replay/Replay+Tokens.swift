import Engine
import JSON
import RotaCore
import SQLite

/// Tokens and the places of their values.
extension Replay {
    func replayToken(_ entry: ReplayedEntry) throws -> Bool {
        switch entry.action {
        case "token.issue", "token.import": try add(entry)
        case "token.edit": try edit(entry)
        case "token.revoke": try end(entry, as: .revoked)
        case "token.expire": try end(entry, as: .expired)
        case "token.quarantine":
            try target.driver.execute(.setTokenState, [.of(entry.token), .text("quarantined")])
            let rule = entry.text("policy").map { RuleReference(policy: $0, rule: entry.text("rule") ?? "") }
            try target.noteQuarantine(of: entry.token, by: rule, entry.change)
            if entry.has("closed_findings") { try closeFindings(entry, how: "the token is quarantined") }
            try refresh(entry)
        case "token.restore":
            try target.driver.execute(.restoreAgain, [.of(entry.token), .of(entry.at)])
            try target.driver.execute(.endQuarantine, [.of(entry.token)])
            try refresh(entry)
        case "token.destination.add", "token.destination.remove", "token.destination.adopt":
            try replayDestination(entry)
        default: return false
        }
        return true
    }

    /// As the gate does after each transition.
    func refresh(_ entry: ReplayedEntry) throws {
        let revision: Value = entry.integer("revision").map { .integer($0) } ?? .null
        try target.driver.execute(.refreshAgain, [.of(entry.token), revision])
    }

    private func closeFindings(_ entry: ReplayedEntry, how: String) throws {
        _ = try target.driver.all(.closeFindings, [.of(entry.token), .of(entry.at), .text(how)]) { $0.integer(0) }
    }

    private func add(_ entry: ReplayedEntry) throws {
        let image = entry.after
        let baselines = image["baselines"] ?? .null
        let places = try (image["destinations"]?.array ?? []).map { text in
            var place = try entry.needed(text.string.flatMap { Destination($0) }, "destinations")
            place.baseline = baselines.digest(place.description)
            return place
        }
        let version = try image["version"].map { try self.version($0, entry) }
        try target.insert(
            try token(entry, placed: places.count), version: version, destinationCount: places.count, at: entry.at)
        if let version { try target.insert(version, of: entry.token) }
        if entry.text("state") == "quarantined" { try target.noteQuarantine(of: entry.token, entry.change) }
        try target.place(places, of: entry.token)
    }

    private func token(_ entry: ReplayedEntry, placed: Int) throws -> Token {
        let usage: Usage =
            entry.instant("last_used_at").map { .lastUsed($0) }
            ?? entry.instant("tracked_since").map { .neverUsed(since: $0) } ?? .unknown
        return Token(
            id: entry.token, revision: entry.integer("revision") ?? 1,
            name: try entry.needed(entry.text("name"), "name"), description: entry.text("description") ?? "",
            owner: entry.text("owner") ?? "", integration: entry.text("integration") ?? "",
            scopes: entry.after["scopes"]?.array?.compactMap(\.string) ?? [],
            labels: Self.labels(entry.after["labels"]),
            prefix: entry.text("prefix") ?? "",
            issuer: try entry.needed(entry.text("issuer").flatMap { Issuer($0) }, "issuer"),
            externalID: entry.text("external_id"),
            state: try entry.needed(entry.text("state").flatMap { TokenState(rawValue: $0) }, "state"),
            createdAt: try entry.needed(entry.instant("created_at"), "created_at"),
            createdBy: entry.text("created_by") ?? "", expiresAt: entry.instant("expires_at"), usage: usage,
            usageAssertedUntil: entry.instant("usage_until"),
            end: entry.instant("ended_at").map { at in
                TokenEnd(at: at, by: entry.text("ended_by") ?? "", cause: entry.text("ended_cause") ?? "")
            },
            values: ValueSummary(currentIssuedAt: nil), destinationCount: placed,
            provenance: try entry.needed(entry.text("provenance").flatMap { Provenance(rawValue: $0) }, "provenance"))
    }

    private static func labels(_ json: JSON?) -> [String: String] {
        var labels: [String: String] = [:]
        for member in json?.object ?? [:] { labels[member.key] = member.value.string }
        return labels
    }

    /// Without its hint: that is no matter of the log.
    private func version(_ json: JSON, _ entry: ReplayedEntry) throws -> Version {
        Version(
            number: Int(try entry.needed(json["number"]?.integer, "version")),
            state: try entry.needed(json["state"]?.string.flatMap { VersionState(rawValue: $0) }, "version"),
            digest: json.digest("digest"), hint: "", issuedAt: json.instant("issued_at"),
            endsAt: json.instant("ends_at"), endedAt: json.instant("ended_at"))
    }

    private func edit(_ entry: ReplayedEntry) throws {
        guard var token = try target.token(entry.token) else {
            throw StoreError.failed("there is no token \(entry.token)")
        }
        for (key, path) in SQLStore.editedTexts {
            if let text = entry.text(key) { token[keyPath: path] = text }
        }
        if let scopes = entry.after["scopes"]?.array { token.scopes = scopes.compactMap(\.string) }
        if let labels = entry.after["labels"] { token.labels = Self.labels(labels) }
        if entry.has("expires_at") { token.expiresAt = entry.instant("expires_at") }
        try target.write(edited: token, madeAt: token.createdAt)
    }

    private func end(_ entry: ReplayedEntry, as state: TokenState) throws {
        let id = Value.of(entry.token)
        let at = entry.instant("ended_at") ?? (state == .revoked ? entry.at : nil)
        try target.driver.execute(
            .endTokenAgain, [id, .text(state.rawValue), .of(at), .text(entry.actor), .text(entry.cause)])
        for statement in [Statement.endQuarantine, .endAbsence, .forgetFailedAttempts] {
            try target.driver.execute(statement, [id])
        }
        _ = try target.driver.all(.endVersions, [id, .text(state.rawValue), .of(entry.at)]) { $0.integer(0) }
        _ = try target.driver.all(.closeRotations, [id, .text(entry.cause)]) { $0.integer(0) }
        try closeFindings(entry, how: "the token ended")
        try refresh(entry)
    }

    private func replayDestination(_ entry: ReplayedEntry) throws {
        var place = try entry.needed(entry.text("destination").flatMap { Destination($0) }, "destination")
        place.baseline = entry.after.digest("baseline")
        let key: [Value] = [
            .of(entry.token), .text(place.vault), .text(place.path), .text(place.field ?? ""),
        ]
        switch entry.action {
        case "token.destination.add": _ = try target.insert(place, of: entry.token)
        case "token.destination.remove":
            _ = try target.driver.first(.removeDestination, key + [.of(entry.at)]) { $0.integer(0) }
        default: try target.driver.execute(.placeBaseline, key + [.of(place.baseline)])
        }
        try target.driver.execute(.hastenAttempt, [.of(entry.token), .of(entry.at)])
        _ = try target.driver.first(.countDestination, [.of(entry.token)]) { $0.integer(0) }
    }
}
