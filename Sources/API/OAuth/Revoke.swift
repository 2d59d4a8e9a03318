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
        if let refused = Self.refusal(ofSiteOf: request) { return .now(refused.response) }
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
        return end(value, digest, because: reason, by: caller, asked: request)
    }

    private func end(
        _ value: KnownValue, _ digest: Digest, because reason: String, by caller: Caller, asked request: Request
    ) -> Answer {
        let roles = caller.digest == digest ? nil : [Role.operate, Role.admin]
        let standing = Standing(digest: caller.digest, value: caller.value, roles: roles)
        return .later { [self] respond in
            parts.revoke.revoke(value.tokenID, reason: reason, actor: "token:\(caller.value.name)") {
                try standing.require(in: $0, at: parts.clock.now())
            } then: { result in
                switch result {
                case .success(let revocation):
                    tellRevocation(of: value.tokenID, revocation.outcome, by: caller, request)
                    respond(Self.revoked)
                case .failure(let loss as Standing.Loss): respond(refusal(loss, caller, request).response)
                case .failure(let error):
                    parts.report(error, request.id)
                    respond(OAuthError.trouble(error).response)
                }
            }
        }
    }

    /// As he would be refused if he came now.
    private func refusal(_ loss: Standing.Loss, _ caller: Caller, _ request: Request) -> OAuthError {
        switch loss {
        case .value: unaccepted(caller.value, isBasic: caller.isBasic, request)
        case .roles: lacking(Role.operate, caller, request, at: parts.clock.now())
        case .changed: .unavailable("your token was changed while this waited: nothing was done, ask again")
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
