package import Crypto

/// A key that deliveries are signed with: `whsec_` and the base64 of 24 to 64 random bytes, as the Standard
/// Webhooks specification has it.
package struct WebhookSecret: Sendable {
    private let key: Secret

    private static let prefix = "whsec_"
    private static let sizes = 24...64

    /// Reads the text form.
    package init(_ text: Secret) throws(WebhookSecretFault) {
        let prefix = Array(Self.prefix.utf8)
        let tail: Secret? = text.withSpan { bytes in
            guard bytes.count > prefix.count, prefix.indices.allSatisfy({ bytes[$0] == prefix[$0] }) else {
                return nil
            }
            return Secret(copying: (prefix.count..<bytes.count).map { bytes[$0] })
        }
        guard let tail else { throw .withoutPrefix }
        guard let key = Base64.standard.decode(tail) else { throw .notBase64 }
        guard Self.sizes.contains(key.count) else { throw .wrongSize(key.count) }
        self.key = key
    }

    /// `v1,<base64>`: HMAC-SHA-256 over id, time of the attempt and the raw bytes of the body.
    func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let message = Array("\(id).\(timestamp).".utf8) + body
        return "v1," + Base64.standard.encode(HMAC.sha256(key: key, message: message))
    }
}

/// Why a text is no webhook secret; says nothing of what the text is.
package enum WebhookSecretFault: Error, Hashable, Sendable, CustomStringConvertible {
    case withoutPrefix
    case notBase64
    case wrongSize(Int)

    package var description: String {
        switch self {
        case .withoutPrefix: "the webhook secret does not begin with 'whsec_'"
        case .notBase64: "the webhook secret is not base64 after 'whsec_'"
        case .wrongSize(let count): "the webhook secret has \(count) bytes; it must have 24 to 64"
        }
    }

    /// How to get a right one.
    package var hint: String {
        #"make one with: printf 'whsec_%s\n' "$(openssl rand -base64 32)""#
    }
}
