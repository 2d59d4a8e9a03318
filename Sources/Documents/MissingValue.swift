package import Engine
package import JSON
package import RotaCore

/// Why a token has no value: its first one has not reached its destinations. And how that is finished.
package struct MissingValue {
    package let token: Token
    /// What stood in the way at the last attempt; nil where nothing was tried.
    private let cause: String?
    /// A rotation is open, which the next run goes on with.
    private let isGoingOn: Bool

    /// Nil for a token that has a value, or has ended.
    package init?(of token: Token, from store: some StoreReads) throws {
        guard token.state == .active, token.values.current == nil else { return nil }
        self.token = token
        let rotation = try store.rotation(of: token.id)
        isGoingOn = rotation != nil
        cause = try rotation?.cause ?? LastFailure(of: token.id, from: store)?.cause
    }

    /// All of a store, the first ones by name.
    package static func all(in store: some StoreReads) throws -> [MissingValue] {
        try store.tokensWithoutValue(limit: 100).compactMap { try MissingValue(of: $0, from: store) }
    }

    package var why: String { cause ?? "nothing was tried yet" }

    package var remedy: String {
        if isGoingOn { return "'rota run' tries again" }
        let replacing =
            why.hasSuffix("it was not touched") ? ", or 'rota vault adopt \(token.name)' to have it replaced" : ""
        return "set that right\(replacing)"
            + ", then 'rota token rotate \(token.name)'; or give it up: rota token revoke \(token.name) --reason TEXT"
    }

    package var json: JSON {
        [
            "token_id": .string(token.id.text), "name": .string(token.name), "cause": .string(why),
            "hint": .string(remedy),
        ]
    }
}
