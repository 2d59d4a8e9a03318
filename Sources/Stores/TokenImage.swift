import Engine
import JSON
import RotaCore

/// A token as the audit log shows it when it comes in: all of it, in canonical JSON.
struct TokenImage {
    let token: Token
    let version: Version?
    let destinations: [Destination]

    /// Member by member in the order of their keys: an import writes a million of these.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        let adopted = destinations.filter { $0.baseline != nil }
        if !adopted.isEmpty {
            writer.key("baselines")
            writer.canonical(
                .object(JSON.Object(adopted.map { ($0.description, .of($0.baseline?.description)) })))
        }
        writer.member("created_at", token.createdAt)
        writer.member("created_by", token.createdBy)
        writer.member("description", token.description)
        if !destinations.isEmpty { writer.member("destinations", list: destinations.map(\.description)) }
        if let end = token.end {
            writer.member("ended_at", end.at)
            writer.member("ended_by", end.by)
            writer.member("ended_cause", end.cause)
        }
        writer.member("expires_at", token.expiresAt)
        if let external = token.externalID { writer.member("external_id", external) }
        writer.member("integration", token.integration)
        writer.member("issuer", token.issuer.description)
        writer.key("labels")
        writer.canonical(.of(labels: token.labels))
        if case .lastUsed(let instant) = token.usage { writer.member("last_used_at", instant) }
        writer.member("name", token.name)
        writer.member("owner", token.owner)
        writer.member("prefix", token.prefix)
        writer.member("provenance", token.provenance.rawValue)
        writer.key("revision")
        writer.integer(token.revision)
        writer.member("scopes", list: token.scopes)
        writer.member("state", token.state.rawValue)
        if case .neverUsed(let since) = token.usage { writer.member("tracked_since", since) }
        if token.usage != .unknown, let until = token.usageAssertedUntil { writer.member("usage_until", until) }
        if let version { write(version, to: &writer) }
        writer.endObject()
    }

    private func write(_ version: Version, to writer: inout JSONWriter) {
        writer.key("version")
        writer.beginObject()
        writer.member("digest", version.digest?.description)
        if let endedAt = version.endedAt { writer.member("ended_at", endedAt) }
        if let endsAt = version.endsAt { writer.member("ends_at", endsAt) }
        writer.member("issued_at", version.issuedAt)
        writer.key("number")
        writer.integer(version.number)
        writer.member("state", version.state.rawValue)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func member(_ name: String, _ text: String?) {
        key(name)
        string(text)
    }

    mutating func member(_ name: String, _ instant: Instant?) {
        member(name, instant?.description)
    }

    mutating func member(_ name: String, list: [String]) {
        key(name)
        beginArray()
        for text in list { string(text) }
        endArray()
    }
}
