import Crypto
import Engine
import HTTPServer
import RotaCore

/// Why a request is not attended to, with the answer that it gets.
struct Refused: Error {
    var response: Response
    /// The token that is there, and nothing that the caller may know of: those who operate and audit Rota are told.
    var ofOthers: TokenID?

    init(_ response: Response) { self.response = response }

    /// Nobody whom we know: 401, with how to authenticate.
    ///
    /// - parameter request: what it answers; whoever asked at /v1/self is not sent there.
    static func unauthorized(_ challenges: [String], _ request: Request) -> Refused {
        Refused(
            .problem(
                401, "Unauthorized",
                detail: "a token of rota is needed, and one that is accepted"
                    + (request.target.path.hasPrefix("/v1/self") ? "" : ": its holder is told more at /v1/self"),
                headers: [API.noStore] + challenges.map { (name: "WWW-Authenticate", value: $0) }))
    }
}

extension API {
    /// What the value that a request came with is looked up by, for the endpoints that speak to its holder.
    ///
    /// - parameter isCounted: false where it is not the client of ours who presents it.
    /// - throws: `Refused` where there is none, or one that cannot be a value.
    func presented(_ request: Request, isCounted: Bool = true) throws -> Digest {
        switch Credential(request.headers) {
        case .value(let digest?, _): return digest
        case .none: throw Refused.unauthorized([Challenge.bearer, Challenge.basic], request)
        case .value(nil, _), .unreadable, .unusable:
            throw isCounted ? refuseWrongValue(request) : .unauthorized([Challenge.invalidToken], request)
        }
    }

    /// Who asks, with one of the roles; his use is noted.
    ///
    /// - throws: `Refused` with 401 or 403, which the log is told of.
    func requireRole(_ roles: [String], _ request: Request) throws -> Standing {
        let now = parts.clock.now()
        let digest = try presented(request)
        guard let value = try parts.readers.value(with: digest) else {
            _ = told(Self.unknown, request)
            throw refuseWrongValue(request)
        }
        let isAccepted = value.authenticates(at: now)
        let hasRole = roles.contains(where: value.has)
        note(
            value, isAccepted && hasRole ? .accepted : .refused, Origin(of: request, trusting: parts.trustedProxies),
            at: now)
        guard isAccepted else { throw unaccepted(value, request) }
        guard hasRole else { throw lacking(roles, value, request) }
        return Standing(digest: digest, value: value, roles: roles)
    }

    private static let unknown = OAuthError(
        status: 401, code: "invalid_token", description: "the token is not accepted")

    /// The refusal of a value that is known, and not accepted.
    func unaccepted(_ value: KnownValue, _ request: Request) -> Refused {
        _ = told(Self.unknown, of: value, request)
        return .unauthorized([Challenge.invalidToken], request)
    }

    /// The refusal of a caller who has none of the roles.
    func lacking(_ roles: [String], _ value: KnownValue, _ request: Request) -> Refused {
        let needed = roles.joined(separator: " or ")
        _ = told(
            OAuthError(status: 403, code: "insufficient_scope", description: "this needs \(needed)"), of: value,
            request)
        return Refused(
            .problem(
                403, "Forbidden", detail: "this needs \(needed)",
                headers: [Self.noStore, ("WWW-Authenticate", Challenge.insufficientScope(roles.first ?? ""))]))
    }

    /// Answers while the store is the one that was opened.
    func whileStored(_ body: () throws -> Answer) throws -> Answer {
        guard parts.hasStore() else { return .now(Self.notReady(Self.isReplaced)) }
        do { return try body() } catch let refused as Refused { return .now(refused.response) }
    }

    /// Answers on a thread of its own: what may take longer than a verification can wait.
    func onWorker(
        _ request: Request, of workers: Workers? = nil, _ body: @escaping @Sendable () throws -> Response
    ) -> Answer {
        (workers ?? self.workers).answer {
            do { return try body() } catch let refused as Refused { return refused.response } catch {
                parts.report(error, request.id)
                return Self.trouble(error)
            }
        }
    }
}
