import Engine
import RotaCore

extension Store {
    /// How many names are looked through for the one that was meant.
    private var mostNames: Int { 100_000 }

    /// The token with this name or id; one that does not exist is a failure that names the nearest.
    func requireToken(_ nameOrID: String) throws -> Token {
        if let token = try token(named: nameOrID) { return token }
        guard !SecretShape.isLikely(in: nameOrID) else {
            throw Failure(
                "no token has such a name, and it looks like a value, which is never given on the command line",
                hint: "rota token verify < FILE tells whose it is; if it was real, rotate it: it may be in the "
                    + "shell's history")
        }
        var names: [String] = []
        try eachToken(states: [.active, .quarantined]) { token in
            names.append(token.name)
            return names.count < mostNames
        }
        throw Failure(
            "there is no token '\(SecretShape.shown(nameOrID))'",
            hint: nearest(to: nameOrID, among: names).map { "did you mean '\($0)'?" }
                ?? "see 'rota token list'")
    }

    /// The tokens with these names or ids, each once.
    func requireTokens(_ namesOrIDs: [String]) throws -> [Token] {
        var seen: Set<TokenID> = []
        return try namesOrIDs.map { try requireToken($0) }.filter { seen.insert($0.id).inserted }
    }
}
