import Engine
import JSON
import RotaCore
import SQLite

/// What is written of tokens without being a transition.
extension SQLStore {
    func editToken(_ token: Token, change: Change) throws -> Bool {
        try requireReconciled()
        guard let before = try self.token(token.id) else { return false }
        let changed = differences(from: before, to: token)
        guard !changed.isEmpty else { return false }
        if let other = try driver.first(.liveTokenNamed, [.text(token.name)], decode),
            other.id != token.id, before.state == .active || before.state == .quarantined
        {
            throw StoreError.nameTaken(token.name)
        }
        let revision = try write(edited: token, madeAt: before.createdAt)
        try audit(
            "token.edit", of: token.id.text, change, before: differences(from: token, to: before),
            changed.with("revision", revision))
        return true
    }

    /// Answers its new revision.
    @discardableResult
    func write(edited token: Token, madeAt: Instant) throws -> Int64? {
        let lifetime = token.expiresAt.map { $0 - madeAt }
        return try driver.first(
            .editToken,
            [
                .of(token.id), .text(token.name), .text(token.description), .text(token.owner),
                .text(token.integration), .text(try ScopeText.encode(token.scopes)),
                .text(try LabelText.encode(token.labels)), .text(token.prefix), .of(token.expiresAt),
                .of(lifetime),
            ]
        ) { $0.integer(0) }
    }

    static var editedTexts: [(String, WritableKeyPath<Token, String>)] {
        [
            ("name", \.name), ("description", \.description), ("owner", \.owner), ("integration", \.integration),
            ("prefix", \.prefix),
        ]
    }

    /// The members of the after-image, and the other way round what they were: only what differs.
    private func differences(from before: Token, to after: Token) -> JSON.Object {
        var changed = JSON.Object()
        for (key, path) in Self.editedTexts where before[keyPath: path] != after[keyPath: path] {
            changed[key] = .string(after[keyPath: path])
        }
        if before.scopes != after.scopes { changed["scopes"] = .of(scopes: after.scopes) }
        if before.labels != after.labels { changed["labels"] = .of(labels: after.labels) }
        if before.expiresAt != after.expiresAt { changed["expires_at"] = .of(after.expiresAt) }
        return changed
    }

    func recordImport(_ summary: ImportSummary, change: Change) throws {
        try requireReconciled()
        var totals: JSON.Object = [
            "file": .string(summary.file), "digest": .string(summary.digest),
            "format": .string(summary.format.rawValue), "rows": .integer(summary.rows),
            "added": .integer(summary.added), "updated": .integer(summary.updated),
            "unchanged": .integer(summary.unchanged),
        ]
        if let vanished = summary.vanished {
            totals["vanished"] = .integer(vanished)
            totals["newly_vanished"] = .integer(summary.newlyVanished)
            if vanished > 0 { totals["vanished_names"] = .array(summary.vanishedNames.map { .string($0) }) }
        }
        if summary.returned > 0 { totals["returned"] = .integer(summary.returned) }
        if summary.stillActive > 0 { totals["still_active"] = .integer(summary.stillActive) }
        if summary.leftOut.total > 0 {
            totals["left_out"] = .object(
                JSON.Object(summary.leftOut.counts.map { ($0.what, .integer($0.count)) }))
        }
        try audit("inventory.import", of: summary.digest, change, totals)
        try emit("inventory.imported", change, totals)
    }
}

extension JSON.Object {
    /// The same with one more member; without it where there is no value.
    func with(_ key: String, _ number: Int64?) -> JSON.Object {
        var joined = self
        if let number { joined[key] = .integer(number) }
        return joined
    }
}

extension JSON {
    static func of(scopes: [String]) -> JSON { .array(scopes.map { .string($0) }) }
    static func of(labels: [String: String]) -> JSON {
        .object(JSON.Object(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
