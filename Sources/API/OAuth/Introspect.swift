import Addresses
import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore

extension API {
    /// Token introspection (RFC 7662): what a value is worth, told to those who may ask. It counts as a use.
    ///
    /// Beside `token`, the caller may tell what it knows of the use: `scope` (exercised, as far as the token has it),
    /// `source` (an address; anything else is ignored, since it is no reason to lock a client out) and `agent`.
    func introspect(_ request: Request) throws -> Response {
        if let refused = Self.refusal(ofSiteOf: request) { return refused.response }
        let now = parts.clock.now()
        let caller = try authenticate(request, at: now)
        guard caller.has(any: [Role.introspect, Role.admin]) else {
            throw lacking(Role.introspect, caller, request, at: now)
        }
        accept(caller, at: now)
        let form = try Self.form(of: request)
        guard let digest = try Self.token(of: form), let value = try parts.readers.value(with: digest) else {
            return Self.inactive
        }
        let isAccepted = value.authenticates(at: now)
        note(
            value, isAccepted ? .accepted : .refused,
            Origin(
                // Of a use that is refused somebody is told: who asked is better than nothing.
                source: form.text(of: "source").flatMap(Self.address)
                    ?? (isAccepted ? nil : "caller:\(caller.value.name)"),
                agent: form.text(of: "agent")),
            scopes: form.text(of: "scope")?.split(separator: " ").map(String.init).filter(value.has) ?? [], at: now)
        return isAccepted
            ? Response(200, headers: Self.uncachedJSON, body: Self.describe(value, at: now)) : Self.inactive
    }

    /// An address as uses are recorded under it; nil for what is none.
    private static func address(_ text: String) -> String? {
        IPAddress(text).map { ($0.embedded ?? $0).description }
    }

    private static let uncachedJSON = [(name: "Content-Type", value: "application/json"), noStore]

    /// Of a value that is not accepted, nothing else is told: not whether it ever was.
    private static let inactive = Response(200, headers: uncachedJSON, body: Array(#"{"active":false}"#.utf8))

    private static func describe(_ value: KnownValue, at now: Instant) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 384)
        writer.beginObject()
        writer.key("active")
        writer.bool(true)
        writer.key("scope")
        writer.string(value.scope)
        writer.key("client_id")
        writer.string(value.name)
        if !value.owner.isEmpty {
            writer.key("username")
            writer.string(value.owner)
        }
        writer.key("token_type")
        writer.string("Bearer")
        if let end = value.end(at: now) {
            writer.key("exp")
            writer.integer(end.seconds)
        }
        if let issued = value.issuedAt {
            writer.key("iat")
            writer.integer(issued.seconds)
        }
        writer.key("sub")
        writer.string(value.tokenID.text)
        writer.key("jti")
        writer.string("\(value.tokenID.text).\(value.version)")
        writer.endObject()
        return writer.bytes
    }

    private static let formKind: StaticString = "application/x-www-form-urlencoded"

    /// The form that an OAuth endpoint takes.
    static func form(of request: Request) throws -> FormFields {
        guard request.headers.withValue(of: "content-type", isForm) == true else {
            throw OAuthError.invalidRequest("send a form: application/x-www-form-urlencoded")
        }
        guard let form = FormFields(request.body) else {
            throw OAuthError.invalidRequest("the form cannot be read")
        }
        return form
    }

    /// Whether a Content-Type is that of forms, whatever its parameters.
    private static func isForm(_ kind: Span<UInt8>) -> Bool {
        let count = formKind.utf8CodeUnitCount
        guard kind.count >= count,
            kind.count == count || kind[count] == UInt8(ascii: ";") || kind[count] == UInt8(ascii: " ")
        else { return false }
        return kind.extracting(0..<count).holds(formKind, ignoringCase: true)
    }

    /// What the value that is asked about is looked up by; nil for a typo.
    static func token(of form: FormFields) throws -> Digest? {
        guard form.count(of: "token") == 1 else { throw OAuthError.invalidRequest("give 'token', once") }
        return try form.withValue(of: "token") { value in
            guard !value.isEmpty else { throw OAuthError.invalidRequest("give 'token', once") }
            guard value.count <= Credential.longestValue else {
                throw OAuthError.invalidRequest("the token is longer than any token")
            }
            return TokenValue.digestUnlessMistyped(value)
        } ?? nil
    }
}
