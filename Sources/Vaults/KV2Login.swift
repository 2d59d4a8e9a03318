import Crypto
package import Engine
import JSON

/// How we come to a token that the server accepts.
package enum KV2Authentication: Sendable {
    /// A token that somebody else made and looks after: neither renewed nor revoked by us.
    case token(Credential)
    /// One of our own, made by logging in.
    case login(KV2Login)
}

/// One way of logging in to HashiCorp Vault or OpenBao.
package struct KV2Login: Sendable {
    fileprivate enum Field: Sendable {
        case text(String)
        case credential(Credential)
    }

    /// As people call it: `AppRole`.
    let method: String
    /// Where the method is mounted, below `auth/`; encoded.
    let mount: String
    /// The namespace of the mount, where it is not that of the secrets.
    let namespace: String?
    fileprivate let fields: [(key: String, field: Field)]
    /// What to look at when the server refuses.
    private let advice: String

    /// https://openbao.org/api-docs/auth/approle/
    package static func appRole(
        roleID: Credential, secretID: Credential, mount: String = "approle", namespace: String? = nil
    ) throws(VaultError) -> KV2Login {
        try KV2Login(
            "AppRole", mount, namespace,
            [("role_id", .credential(roleID)), ("secret_id", .credential(secretID))],
            advice: "the secret id may be used up, past its end, or of another role, or too many wrong ones were tried")
    }

    /// https://openbao.org/api-docs/auth/kubernetes/
    package static func kubernetes(
        role: String, token: Credential, mount: String = "kubernetes", namespace: String? = nil
    ) throws(VaultError) -> KV2Login {
        try KV2Login(
            "Kubernetes", mount, namespace, [("role", .text(role)), ("jwt", .credential(token))],
            advice: "the role '\(role)' may be of another service account or namespace, or the token past its end")
    }

    /// https://openbao.org/api-docs/auth/jwt/
    package static func jwt(
        role: String, token: Credential, mount: String = "jwt", namespace: String? = nil
    ) throws(VaultError) -> KV2Login {
        try KV2Login(
            "JWT", mount, namespace, [("role", .text(role)), ("jwt", .credential(token))],
            advice: "the role '\(role)' may be bound to other claims or another audience, or the token past its end")
    }

    private init(
        _ method: String, _ mount: String, _ namespace: String?, _ fields: [(key: String, field: Field)],
        advice: String
    ) throws(VaultError) {
        self.method = method
        self.mount = try PercentEncoding.encode(path: mount)
        self.namespace = namespace
        self.fields = fields
        self.advice = advice
    }
}

extension KV2Login {
    var path: String { "auth/\(mount)/login" }

    /// The secrets that go out with the request, as they are now.
    func readCredentials() async throws(VaultError) -> [Secret] {
        var secrets: [Secret] = []
        for (_, field) in fields {
            if case .credential(let credential) = field { secrets.append(try await credential.read()) }
        }
        return secrets
    }

    /// - parameter secrets: what `readCredentials` gave.
    func body(with secrets: [Secret]) -> [UInt8] {
        var rest = secrets[...]
        var object = JSON.Object()
        for (key, field) in fields {
            switch field {
            case .text(let text): object[key] = .string(text)
            case .credential:
                object[key] = .string(String(decoding: rest.popFirst()?.copyBytes() ?? [], as: UTF8.self))
            }
        }
        return JSON.object(object).serializedBytes()
    }

    /// What it means that the server did not let us in. Nothing else was sent, so that no kind of it says more
    /// than that: above all, no value was rejected, and no outcome is unknown.
    func failure(_ answer: KV2Answer, with secrets: [Secret]) -> VaultError {
        var error = answer.failure
        let isRefusal = error.kind == .rejected || error.kind == .denied || error.kind == .refused
        if isRefusal { error.kind = .denied }
        if error.kind == .unknownOutcome { error.kind = .transient }
        error.message = "\(method) login at \(path): \(error.message)"
        if isRefusal { error.message += ": \(secrets.contains(where: isWrapped) ? unwrapping : advice)" }
        return error
    }

    private var unwrapping: String {
        let places = fields.compactMap { field in
            if case .credential(let credential) = field.field { return credential.description }
            return nil
        }
        return "\(places.last ?? "the credential") seems to hold a wrapping token; unwrap it first, with 'bao unwrap'"
    }

    /// Whether it looks like a token of the server, which a secret id or a signed JWT never does.
    private func isWrapped(_ secret: Secret) -> Bool {
        let text = String(decoding: secret.copyBytes().prefix(4), as: UTF8.self)
        return ["s.", "hvs.", "b.", "hvb."].contains { text.hasPrefix($0) }
    }
}
