import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// Audit entries and outgoing events: written by the gate, in the transaction of the change.
extension SQLStore {
    /// One entry in canonical bytes, with the after-image of what changed.
    func audit(_ action: String, _ object: String, _ change: Change, _ after: JSON.Object) throws {
        var entry: JSON.Object = [
            "at": .string(change.at.description), "actor": .string(change.actor), "action": .string(action),
            "object": .string(object), "cause": .string(change.cause), "after": .object(after),
        ]
        if let run = change.run { entry["run"] = .string(run) }
        let body = String(decoding: JSON.object(entry).canonicalBytes(), as: UTF8.self)
        try driver.execute(
            Statements.addAudit, [.of(change.at), .text(change.actor), .text(action), .text(object), .text(body)])
    }

    /// An event about a token, with the next number of its gap-free sequence.
    func announce(_ type: String, _ id: TokenID, _ change: Change, _ more: JSON.Object = [:]) throws {
        guard let token = try token(id),
            let sequence = try first(Statements.nextSequence, [.text(id.text)], { $0.integer(0) })
        else { throw StoreError.failed("no token \(id) to announce") }
        var data: JSON.Object = [
            "token_id": .string(id.text), "name": .string(token.name), "owner": .string(token.owner),
            "integration": .string(token.integration), "seq": .integer(sequence), "actor": .string(change.actor),
            "cause": .string(change.cause),
        ]
        if let run = change.run { data["run"] = .string(run) }
        for member in more { data[member.key] = member.value }
        try enqueue(type, token: id, sequence: sequence, at: change.at, data)
    }

    /// An event about something else.
    func announce(_ type: String, _ change: Change, _ data: JSON.Object) throws {
        try enqueue(type, token: nil, sequence: nil, at: change.at, data)
    }

    private func enqueue(_ type: String, token: TokenID?, sequence: Int64?, at: Instant, _ data: JSON.Object) throws {
        let id = "evt_" + Hex.encode(Random.bytes(12))
        try driver.execute(
            Statements.addEvent,
            [
                .text(id), .text(type), .of(token?.text), sequence.map { .integer($0) } ?? .null, .of(at),
                .text(JSON.object(data).serialized()),
            ])
        for endpoint in endpoints where endpoint.events.contains(where: { $0.matches(type) }) {
            try driver.execute(Statements.addDelivery, [.text(id), .text(endpoint.name), .of(at)])
        }
    }
}
