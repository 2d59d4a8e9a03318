import Crypto
import Engine
import HTTPServer
import RotaCore

/// Why a request is not attended to, with the answer that it gets.
struct Refused: Error {
    var response: Response

    init(_ response: Response) { self.response = response }

    /// Nobody whom we know: 401, with how to authenticate.
    static func unauthorized(_ challenges: [String]) -> Refused {
        Refused(
            .problem(
                401, "Unauthorized", detail: "a token of rota is needed",
                headers: [API.noStore] + challenges.map { (name: "WWW-Authenticate", value: $0) }))
    }
}

extension API {
    /// What the value that a request came with is looked up by, for the endpoints that speak to its holder.
    ///
    /// - throws: `Refused` where there is none, or one that cannot be a value.
    func presented(_ request: Request) throws -> Digest {
        switch Credential(request.headers) {
        case .value(let digest?, _): return digest
        case .none: throw Refused.unauthorized([Challenge.bearer, Challenge.basic])
        case .value(nil, _), .unreadable, .unusable: throw Refused.unauthorized([Challenge.invalidToken])
        }
    }

    /// Answers while the store is the one that was opened.
    func whileStored(_ body: () throws -> Answer) throws -> Answer {
        guard parts.hasStore() else { return .now(Self.notReady(Self.isReplaced)) }
        do { return try body() } catch let refused as Refused { return .now(refused.response) }
    }
}
