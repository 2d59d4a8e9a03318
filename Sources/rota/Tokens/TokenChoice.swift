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
}
