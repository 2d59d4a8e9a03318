import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// Audit entries and outgoing events, written in the transaction of the change that they tell of.
extension SQLStore {
    /// Writes one entry: who did what to what, when and why, with the after-image of what changed.
    ///
    /// Its body is canonical JSON from the first day, so that the bytes can be hashed and checked offline.
    ///
    /// - parameter before: what the members of the after-image were that had been set before; for people, and nothing
    ///   that is done again goes by it.
    func audit(
        _ action: String, of object: String, _ change: Change, before: JSON.Object = [:], _ after: JSON.Object
    ) throws {
        try audit(action, of: object, change, before: before) { $0.canonical(.object(after)) }
    }

    /// The same, where `after` writes the after-image by itself: canonically, too.
    func audit(
        _ action: String, of object: String, _ change: Change, before: JSON.Object = [:],
        writing after: (inout JSONWriter) -> Void
    ) throws {
        var body = JSONWriter(reservingCapacity: 1_024)
        body.beginObject()
        body.member("action", action)
        body.member("actor", change.actor.name)
        body.key("after")
        after(&body)
        body.member("at", change.at)
        if !before.isEmpty {
            body.key("before")
            body.canonical(.object(before))
        }
        body.member("cause", change.cause)
        body.member("object", object)
        if let request = change.actor.request {
            body.key("request")
            body.beginObject()
            if let address = request.address { body.member("address", address) }
            body.member("id", request.id)
            body.endObject()
        }
        if let run = change.run { body.member("run", run) }
        if let source = change.source {
            body.key("source")
            body.beginObject()
            body.member("digest", source.digest)
            body.key("line")
            body.integer(source.line)
            body.endObject()
        }
        body.endObject()
        hasAudited = true
        try driver.execute(
            .addAuditEntry,
            [
                .of(change.at), .text(change.actor.name), .text(action), .text(object),
                .text(String(decoding: body.bytes, as: UTF8.self)),
            ])
    }

    /// Sends an event about a token, with the next number of that token's events: receivers order by it.
    ///
    /// Thin: it says what happened to which token, never what a token may do, and no digest.
    func emit(_ type: String, about id: TokenID, _ change: Change, _ details: JSON.Object = [:]) throws {
        try driver.execute(.nextEventOfToken, [.of(id)])
        let about = try driver.first(.eventOfToken, [.of(id)]) { row -> (Int64, JSON.Object) in
            let token: JSON.Object = [
                "token_id": .string(id.text), "name": .string(row.text(1)), "owner": .string(row.text(2)),
                "integration": .string(row.text(3)), "seq": .integer(row.integer(0)),
            ]
            return (row.integer(0), token)
        }
        guard let (sequence, token) = about else { throw StoreError.failed("there is no token \(id)") }
        try send(type, change, token: id, sequence: sequence, JSON.Object.joining(token, details))
    }

    /// Sends an event that is about no one token.
    func emit(_ type: String, _ change: Change, _ details: JSON.Object) throws {
        try send(type, change, token: nil, sequence: nil, details)
    }

    private func send(
        _ type: String, _ change: Change, token: TokenID?, sequence: Int64?, _ details: JSON.Object
    ) throws {
        var data = JSON.Object.joining(
            details, ["actor": .string(change.actor.name), "cause": .string(change.cause)])
        if let run = change.run { data["run"] = .string(run) }
        // No full stop in it: the signature's payload is joined by them.
        let id = "evt_" + Hex.encode(Random.bytes(16))
        try driver.execute(
            .addEvent,
            [
                .text(id), .text(type), .of(token?.text), sequence.map { .integer($0) } ?? .null,
                .of(change.at),
                .text(JSON.object(data).serialized()),
            ])
        for endpoint in endpoints where endpoint.events.contains(where: { $0.matches(type) }) {
            try driver.execute(.addDelivery, [.text(id), .text(endpoint.name), .of(change.at)])
        }
    }
}

extension JSON.Object {
    /// What a change of state tells of before it; nothing where that is not known.
    static func ofState(_ state: TokenState?) -> JSON.Object {
        state.map { ["state": .string($0.rawValue)] } ?? [:]
    }

    /// Those members that another one has otherwise, or not at all.
    func differing(from other: JSON.Object) -> JSON.Object {
        JSON.Object(filter { other[$0.key]?.canonicalBytes() != $0.value.canonicalBytes() }.map { ($0.key, $0.value) })
    }

    static func joining(_ first: JSON.Object, _ second: JSON.Object) -> JSON.Object {
        var joined = first
        for member in second { joined[member.key] = member.value }
        return joined
    }
}

extension JSON {
    /// A whole number, or null.
    static func of(_ number: Int?) -> JSON { number.map { .integer($0) } ?? .null }
    /// RFC 3339, or null.
    static func of(_ instant: Instant?) -> JSON { instant.map { .string($0.description) } ?? .null }
    static func of(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    static func of(_ numbers: [Int64]) -> JSON { .array(numbers.map { .integer($0) }) }
}
