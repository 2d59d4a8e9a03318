import Engine
import HTTPServer
import JSON

/// A refusal of an OAuth endpoint (RFC 6749 section 5.2, RFC 6750 section 3.1).
struct OAuthError: Error {
    var status: Int
    var code: String
    var description: String
    /// Values of WWW-Authenticate.
    var challenges: [String] = []
    var retryAfter: Int?

    static func invalidRequest(_ description: String) -> OAuthError {
        OAuthError(status: 400, code: "invalid_request", description: description)
    }

    static func unavailable(_ description: String) -> OAuthError {
        OAuthError(status: 503, code: "temporarily_unavailable", description: description, retryAfter: 1)
    }

    /// A problem of ours, without a word about what it is.
    static func trouble(_ error: any Error) -> OAuthError {
        if let passing = API.passingTrouble(error) { return unavailable(passing) }
        return OAuthError(status: 500, code: "server_error", description: "the log has more")
    }

    var response: Response {
        var writer = JSONWriter(reservingCapacity: 128)
        writer.beginObject()
        writer.key("error")
        writer.string(code)
        writer.key("error_description")
        writer.string(description)
        writer.endObject()
        var headers = [API.noStore] + challenges.map { (name: "WWW-Authenticate", value: $0) }
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return .json(writer.bytes, status: status, headers: headers)
    }
}

/// What a client is told about how to authenticate (RFC 6750 section 3, RFC 7617).
enum Challenge {
    static let basic = #"Basic realm="rota", charset="UTF-8""#
    /// Where no credentials came at all, no error is named.
    static let bearer = #"Bearer realm="rota""#
    static let invalidToken =
        #"Bearer realm="rota", error="invalid_token", error_description="the token is not accepted""#

    /// - parameter scopes: all that are needed; scope tokens hold neither quotes nor backslashes.
    static func insufficientScope(_ scopes: String) -> String {
        #"Bearer realm="rota", error="insufficient_scope", error_description="the token lacks a scope", scope=""#
            + scopes + "\""
    }
}
