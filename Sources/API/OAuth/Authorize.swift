import Crypto
import Engine
import HTTPServer
import RotaCore

extension API {
    /// Forward-auth: whether a proxy may let a request through that came with this Authorization. It counts as a
    /// use, of the scopes that were needed.
    ///
    /// - parameter wanted: all of them are needed; nil: what was said of them cannot be read. Whoever configured the
    ///   proxy says so, never the client.
    ///
    /// 200 with `X-Rota-Token`, `X-Rota-Token-Id`, `X-Rota-Owner` and `X-Rota-Scopes`; 401; or 403 where a scope is
    /// missing.
    func authorize(_ request: Request, needing wanted: [String]?) throws -> Response {
        guard let wanted else {
            return .problem(400, "Bad request", detail: "the scopes cannot be read", headers: [Self.noStore])
        }
        // Proxies know of no answer but 401 and 403, and bound their clients themselves.
        let digest = try presented(request, isCounted: false)
        let now = parts.clock.now()
        guard let value = try parts.readers.value(with: digest) else {
            throw Refused.unauthorized([Challenge.invalidToken], request)
        }
        let origin = Origin(of: request, trusting: parts.trustedProxies)
        guard value.authenticates(at: now) else {
            note(value, .refused, origin, scopes: wanted, at: now)
            throw Refused.unauthorized([Challenge.invalidToken], request)
        }
        guard wanted.allSatisfy(value.has) else {
            note(value, .refused, origin, scopes: wanted, at: now)
            return .problem(
                403, "Forbidden", detail: "the token lacks a scope",
                headers: [
                    Self.noStore, ("WWW-Authenticate", Challenge.insufficientScope(wanted.joined(separator: " "))),
                ])
        }
        note(value, .accepted, origin, scopes: wanted, at: now)
        return Response(
            200,
            headers: [
                Self.noStore, ("X-Rota-Token", headerText(value.name)), ("X-Rota-Token-Id", value.tokenID.text),
                ("X-Rota-Owner", headerText(value.owner)), ("X-Rota-Scopes", headerText(value.scope)),
            ])
    }

    /// Of `?scope=a+b`. Nil where the query cannot be read, or a scope could not be repeated in a header.
    static func scopes(inQueryOf request: Request) -> [String]? {
        guard let query = request.target.query else { return [] }
        guard let fields = FormFields(query.utf8), fields.count(of: "scope") <= 1 else { return nil }
        guard fields.count(of: "scope") == 1 else { return [] }
        // One that is empty is a slip of whoever configured the proxy, and must not let everything through.
        return fields.text(of: "scope").flatMap(scopes(in:)).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Of a list with blanks or semicolons between them, which no scope holds.
    static func scopes(in list: String) -> [String]? {
        let scopes = list.split { $0 == " " || $0 == ";" }.map(String.init)
        return scopes.allSatisfy(TokenFields.isScope) ? scopes : nil
    }
}

/// A text as a header can hold it: what is no visible ASCII, and `%`, is percent-encoded.
private func headerText(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "%") }) { return text }
    var encoded = ""
    for byte in text.utf8 {
        if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            encoded += "%" + Hex.encode([byte]).uppercased()
        }
    }
    return encoded
}
