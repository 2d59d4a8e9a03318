import Crypto
import Engine
import HTTPServer
import RotaCore

extension API {
    /// Token revocation (RFC 7009): ends the token that a value belongs to, and all of its values. When the answer
    /// is sent, none of them is accepted any more.
    ///
    /// For those who operate Rota, and for whoever authenticates with the very value. A value that is not known,
    /// or has ended already, is answered like one that was revoked. `reason` may be told for the audit log.
    func revoke(_ request: Request) throws -> Answer {
        let now = parts.clock.now()
        let caller = try authenticate(request, at: now)
        let operates = caller.has(any: [Role.operate, Role.admin])
        // A form that cannot be read is a use as well, of who may send one about any token.
        if operates { accept(caller, at: now) }
        let form = try Self.form(of: request)
        let digest = try Self.token(of: form)
        let reason = try Self.reason(of: form)
        if !operates {
            guard caller.digest == digest else { throw lacking(Role.operate, caller, request, at: now) }
            accept(caller, at: now)
        }
        guard let digest, let value = try parts.readers.value(with: digest) else {
            tellRevocation(of: nil, .unknown, by: caller, request)
            return .now(Self.revoked)
        }
        return end(value, because: reason, by: caller, asked: request)
    }

    private func end(_ value: KnownValue, because reason: String, by caller: Caller, asked request: Request) -> Answer {
        .later { [self] respond in
            parts.revoke.revoke(value.tokenID, reason: reason, actor: "token:\(caller.value.name)") { result in
                switch result {
                case .success(let revocation):
                    tellRevocation(of: value.tokenID, revocation.outcome, by: caller, request)
                    respond(Self.revoked)
                case .failure(let error):
                    parts.report(error, request.id)
                    respond(OAuthError.trouble(error).response)
                }
            }
        }
    }

    private static let revoked = Response(200, headers: [noStore])

    private static func reason(of form: FormFields) throws -> String {
        guard form.count(of: "reason") > 0 else { return "revoked through the API" }
        guard let reason = form.text(of: "reason"), (1...200).contains(reason.count),
            !reason.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw OAuthError.invalidRequest("a reason has 1 to 200 characters in one line") }
        return reason
    }
}
