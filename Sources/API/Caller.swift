import Crypto
import Engine
import HTTPServer
import RotaCore

/// Roles are scopes.
enum Role {
    static let admin = "rota:admin"
    static let operate = "rota:operate"
    static let introspect = "rota:introspect"
}

/// Who calls: a token that was accepted.
struct Caller {
    var token: Token
    var version: Version
    var value: Secret

    func has(any roles: [String]) -> Bool {
        token.scopes.contains { roles.contains($0) }
    }
}

extension API {
    /// Who calls an OAuth endpoint; its use is noted, accepted or refused.
    func authenticate(_ request: Request, _ store: any StoreReads, at now: Instant) throws -> Caller {
        switch Credential(request.headers) {
        case .none:
            throw OAuthError(
                status: 401, code: "invalid_client", description: "authenticate with a token of rota",
                challenges: [Challenge.bearer, Challenge.basic])
        case .unreadable:
            throw OAuthError.invalidRequest("the Authorization is neither Bearer nor Basic, or cannot be read")
        case .value(let value, let isBasic):
            let verification = try judge(value, at: now, lookUp: store.version(with:))
            note(verification, Origin(of: request, trusting: parts.trustedProxies), at: now)
            if case .accepted(let token, let version) = verification {
                return Caller(token: token, version: version, value: value)
            }
            throw OAuthError(
                status: 401, code: isBasic ? "invalid_client" : "invalid_token",
                description: "the token is not accepted",
                challenges: isBasic ? [Challenge.basic] : [Challenge.invalidToken])
        }
    }

    /// Notes the use of a value that is known, whatever became of it.
    func note(_ verification: Verification, _ origin: Origin, scopes: [String] = [], at now: Instant) {
        switch verification {
        case .accepted(let token, let version): note(token, version, .accepted, origin, scopes, now)
        case .refused(let token, let version): note(token, version, .refused, origin, scopes, now)
        case .unknown: break
        }
    }

    func note(
        _ token: Token, _ version: Version, _ outcome: Use.Outcome, _ origin: Origin, _ scopes: [String],
        _ now: Instant
    ) {
        parts.note(
            Use(
                tokenID: token.id, version: version.number, at: now, outcome: outcome, source: origin.source,
                agent: origin.agent, scopes: scopes))
    }
}
