import Engine
import JSON
import RotaCore

/// Why a token has no value: its first one has not reached its destinations. And how that is finished.
struct MissingValue {
    let token: Token
    /// What stood in the way at the last attempt; nil where nothing was tried.
    private let cause: String?
    /// A rotation is open, which the next run goes on with.
    private let isGoingOn: Bool

    /// Nil for a token that has a value, or has ended.
    init?(of token: Token, from store: any Store) throws {
        guard token.state == .active, token.values.current == nil else { return nil }
        self.token = token
        let rotation = try store.rotation(of: token.id)
        isGoingOn = rotation != nil
        cause = try rotation?.cause ?? LastFailure(of: token.id, from: store)?.cause
    }

    /// All of a store, the first ones by name.
    static func all(in store: any Store) throws -> [MissingValue] {
        try store.tokensWithoutValue(limit: 100).compactMap { try MissingValue(of: $0, from: store) }
    }

    var why: String { cause ?? "nothing was tried yet" }

    var remedy: String {
        if isGoingOn { return "'rota run' tries again" }
        let replacing =
            why.hasSuffix("it was not touched") ? ", or 'rota vault adopt \(token.name)' to have it replaced" : ""
        return "set that right\(replacing)"
            + ", then 'rota token rotate \(token.name)'; or give it up: rota token revoke \(token.name) --reason TEXT"
    }

    var json: JSON {
        [
            "token_id": .string(token.id.text), "name": .string(token.name), "cause": .string(why),
            "hint": .string(remedy),
        ]
    }
}
