import Crypto
import Engine
import HTTPServer
import RotaCore

/// Roles are scopes.
enum Role {
    static let admin = "rota:admin"
    static let operate = "rota:operate"
    /// Makes tokens for his own owner, with scopes that he has himself.
    static let issue = "rota:issue"
    static let audit = "rota:audit"
    static let introspect = "rota:introspect"
}

/// Who calls: a value that was accepted, and where from.
struct Caller {
    var value: KnownValue
    var digest: Digest
    var origin: Origin
    /// Whether it came as a password.
    var isBasic: Bool

    func has(any roles: [String]) -> Bool {
        roles.contains { value.has($0) }
    }
}

extension API {
    /// Who calls an OAuth endpoint. A use that is refused is noted; whether it is one that is accepted depends on what
    /// he may do there (`accept`, `lacking`).
    func authenticate(_ request: Request, at now: Instant) throws -> Caller {
        switch Credential(request.headers) {
        case .none:
            throw told(
                OAuthError(
                    status: 401, code: "invalid_client", description: "authenticate with a token of rota",
                    challenges: [Challenge.bearer, Challenge.basic]), request)
        case .unreadable:
            // RFC 6750 section 3.1 has it so.
            throw OAuthError.invalidRequest("the Bearer token cannot be read")
        case .unusable:
            throw OAuthError(
                status: 401, code: "invalid_client",
                description: "the Authorization is neither Bearer nor Basic with a password",
                challenges: [Challenge.basic, Challenge.bearer])
        case .value(let digest, let isBasic):
            let known = try digest.flatMap { try parts.readers.value(with: $0) }
            if let digest, let value = known {
                let origin = Origin(of: request, trusting: parts.trustedProxies)
                if value.authenticates(at: now) {
                    return Caller(value: value, digest: digest, origin: origin, isBasic: isBasic)
                }
                note(value, .refused, origin, at: now)
            } else if let wait = countWrongValue(request) {
                throw told(
                    OAuthError(
                        status: 429, code: "temporarily_unavailable",
                        description: "too many values came from there that are no token's",
                        retryAfter: max(1, Int(wait.seconds))), request)
            }
            throw unaccepted(known, isBasic: isBasic, request)
        }
    }

    /// Notes the use of a caller who may do what he asks for.
    func accept(_ caller: Caller, at now: Instant) { note(caller.value, .accepted, caller.origin, at: now) }

    /// The refusal of a value that is not accepted.
    func unaccepted(_ value: KnownValue?, isBasic: Bool, _ request: Request) -> OAuthError {
        told(
            OAuthError(
                status: 401, code: isBasic ? "invalid_client" : "invalid_token",
                description: "the token is not accepted",
                challenges: isBasic ? [Challenge.basic] : [Challenge.invalidToken]), of: value, request)
    }

    /// The refusal of a caller who lacks a role.
    func lacking(_ role: String, _ caller: Caller, _ request: Request, at now: Instant) -> OAuthError {
        note(caller.value, .refused, caller.origin, at: now)
        return told(
            OAuthError(
                status: 403, code: "insufficient_scope", description: "this needs \(role)",
                challenges: [Challenge.insufficientScope(role)]), of: caller.value, request)
    }

    /// Notes the use of a value that is known, whatever became of it.
    func note(
        _ value: KnownValue, _ outcome: Use.Outcome, _ origin: Origin, scopes: [String] = [], at now: Instant
    ) {
        parts.note(
            Use(
                tokenID: value.tokenID, version: value.version, at: now, outcome: outcome, source: origin.source,
                // Whatever a client calls itself, a value must not get into the store that way.
                agent: origin.agent.map(SecretShape.redacted), scopes: scopes, isInOverlap: value.isInOverlap))
    }
}
