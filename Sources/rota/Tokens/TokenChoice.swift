import Engine
import RotaCore

extension Store {
    /// The tokens whose destinations a command looks at: the one that is named, or all that are live.
    ///
    /// - parameter issuedByUs: leave out, of all, those that others issue.
    func liveTokens(named name: String?, issuedByUs: Bool = false) throws -> [TokenID] {
        if let name {
            let token = try requireToken(name)
            guard token.state == .active || token.state == .quarantined else {
                throw Failure(
                    "token '\(token.name)' is \(token.state.rawValue): its destinations are not ours any more")
            }
            return [token.id]
        }
        var ids: [TokenID] = []
        try eachToken(states: [.active, .quarantined]) { token in
            if token.destinationCount > 0, !issuedByUs || token.issuer == .rota { ids.append(token.id) }
            return true
        }
        return ids
    }

    /// How many destinations these tokens have; of very many, those of all live ones, which is at least as many.
    func countPlaces(of tokens: [TokenID], in vault: String?) throws -> Int {
        guard tokens.count > 100 else {
            return try tokens.reduce(0) { count, id in
                try count + destinations(of: id).count { vault == nil || $0.vault == vault }
            }
        }
        let counts = try destinationCounts()
        return vault.map { counts[$0] ?? 0 } ?? counts.values.reduce(0, +)
    }
}
