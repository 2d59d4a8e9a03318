import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore

extension API {
    /// Token introspection (RFC 7662): what a value is worth, told to those who may ask. It counts as a use.
    ///
    /// Beside `token`, the caller may tell what it knows of the use: `scope` (exercised), `source` (an address) and
    /// `agent`.
    func introspect(_ request: Request) throws -> Response {
        let now = parts.clock.now()
        return try parts.readers.read { store in
            let caller = try authenticate(request, store, at: now)
            guard caller.has(any: [Role.introspect, Role.admin]) else {
                throw OAuthError(
                    status: 403, code: "insufficient_scope", description: "this needs \(Role.introspect)",
                    challenges: [Challenge.insufficientScope(Role.introspect)])
            }
            let form = try Self.form(of: request)
            let value = try Self.token(of: form)
            let verification = try judge(value, at: now, lookUp: store.version(with:))
            let scopes = form.text(of: "scope")?.split(separator: " ").map(String.init) ?? []
            note(
                verification, Origin(source: form.text(of: "source"), agent: form.text(of: "agent")),
                scopes: scopes, at: now)
            guard case .accepted(let token, let version) = verification else { return Self.inactive }
            return .json(Self.describe(token, version), headers: [Self.noStore])
        }
    }

    /// Of a value that is not accepted, nothing else is told: not whether it ever was.
    private static let inactive = Response.json(Array(#"{"active":false}"#.utf8), headers: [noStore])

    private static func describe(_ token: Token, _ version: Version) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.key("active")
        writer.bool(true)
        writer.key("scope")
        writer.string(token.scopes.joined(separator: " "))
        writer.key("client_id")
        writer.string(token.name)
        if !token.owner.isEmpty {
            writer.key("username")
            writer.string(token.owner)
        }
        writer.key("token_type")
        writer.string("Bearer")
        if let end = token.expiresAt {
            writer.key("exp")
            writer.integer(end.seconds)
        }
        if let issued = version.issuedAt {
            writer.key("iat")
            writer.integer(issued.seconds)
        }
        writer.key("sub")
        writer.string(token.id.text)
        writer.key("jti")
        writer.string("\(token.id.text).\(version.number)")
        writer.endObject()
        return writer.bytes
    }

    private static let formKind = "application/x-www-form-urlencoded"

    /// The form that an OAuth endpoint takes.
    static func form(of request: Request) throws -> FormFields {
        let kind = request.headers["content-type"] ?? ""
        guard kind == formKind || kind.prefix(while: { $0 != ";" && $0 != " " }).lowercased() == formKind else {
            throw OAuthError.invalidRequest("send a form: application/x-www-form-urlencoded")
        }
        guard let form = FormFields(request.body) else {
            throw OAuthError.invalidRequest("the form cannot be read")
        }
        return form
    }

    /// The value that is asked about.
    static func token(of form: FormFields) throws -> Secret {
        guard form.count(of: "token") == 1, let bytes = form.bytes(of: "token"), !bytes.isEmpty else {
            throw OAuthError.invalidRequest("give 'token', once")
        }
        guard bytes.count <= Credential.longestValue else {
            throw OAuthError.invalidRequest("the token is longer than any token")
        }
        return Secret(copying: bytes)
    }
}
