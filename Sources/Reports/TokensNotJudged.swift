import Engine
import HTML
import RotaCore

/// The tokens that no policy is asked about, since they do not authenticate: one line for each, safe to open in a
/// spreadsheet. With the live ones of the inventory they are all tokens of the store.
struct TokensNotJudged {
    static let file = "tokens-not-judged.csv"

    private static let header = "token_id,name,owner,integration,issuer,state,since,by,cause,judged_at\r\n"

    let at: Instant

    func write(from store: any StoreReads, to sink: ByteSink) throws {
        var bytes = Array(Self.header.utf8)
        try store.eachToken(states: [], in: .byName) { token in
            guard !token.canAuthenticate(at: at) else { return true }
            let end = try end(of: token, store)
            bytes.append(field: token.id.text)
            bytes.append(field: token.name)
            bytes.append(field: token.owner)
            bytes.append(field: token.integration)
            bytes.append(field: token.issuer.description)
            bytes.append(plain: (token.state == .active ? TokenState.expired : token.state).rawValue)
            bytes.append(time: end?.at)
            bytes.append(field: end?.by ?? "")
            bytes.append(field: end?.cause ?? "")
            bytes.append(time: at)
            bytes.endLine()
            if bytes.count >= bufferSize {
                try sink(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            return true
        }
        try sink(bytes)
    }

    private func end(of token: Token, _ store: any StoreReads) throws -> TokenEnd? {
        switch token.state {
        case .quarantined:
            try store.quarantine(of: token.id).map { TokenEnd(at: $0.since, by: $0.by, cause: $0.cause) }
        case .revoked, .expired: token.end
        // No run has looked at it since.
        case .active: token.expiresAt.map { TokenEnd(at: $0, by: "", cause: "it has come to its end") }
        }
    }
}

extension ComplianceSummary {
    /// How the number of all tokens is made up.
    var population: String {
        let (quarantined, revoked) = (states[.quarantined] ?? 0, states[.revoked] ?? 0)
        let expired = listed - evaluated - quarantined - revoked
        return
            "\(listed.of("token")): \(evaluated.grouped) live, which are judged, \(quarantined.grouped) quarantined, "
            + "\(expired.grouped) expired and \(revoked.grouped) revoked"
    }
}
