import Crypto
import Engine
import JSON
import RotaCore

/// What one version of a secret holds.
enum AWSSecretValue: Sendable {
    /// `SecretString`.
    case text(Secret)
    /// `SecretBinary`, decoded.
    case bytes(Secret)

    /// Reads the answer to GetSecretValue; nil when it is not one.
    init?(_ document: JSON?) {
        if let text = document?["SecretString"]?.string {
            self = .text(Secret(utf8: text))
        } else if let text = document?["SecretBinary"]?.string, let bytes = Base64.standard.decode(text) {
            self = .bytes(Secret(copying: bytes))
        } else {
            return nil
        }
    }

    var secret: Secret {
        switch self {
        case .text(let secret), .bytes(let secret): secret
        }
    }

    func isSame(as other: AWSSecretValue) -> Bool {
        switch (self, other) {
        case (.text(let mine), .text(let theirs)), (.bytes(let mine), .bytes(let theirs)): mine.isEqual(to: theirs)
        default: false
        }
    }

    /// The member of a PutSecretValue that carries it.
    var parameter: (String, JSON) {
        switch self {
        case .text(let secret): ("SecretString", .string(String(decoding: secret.copyBytes(), as: UTF8.self)))
        case .bytes(let secret): ("SecretBinary", .string(Base64.standard.encode(secret.copyBytes())))
        }
    }
}

/// A secret as one read gave it: which version is current, and what that holds.
struct AWSSecretContent: Sendable {
    /// What a secret holds that has been emptied: a secret cannot hold nothing.
    static let emptied = AWSSecretValue.text(Secret(utf8: "{}"))
    /// The base of a secret without any version.
    private static let never = "none"
    private static let largest = 64 << 10

    /// Nil when there is no current version.
    let versionID: String?
    let value: AWSSecretValue?
    private let key = Secret(copying: Random.bytes(32))

    init(versionID: String? = nil, value: AWSSecretValue? = nil) {
        self.versionID = versionID
        self.value = value
    }

    var base: String { versionID ?? Self.never }

    /// The id of the version that is to hold `next` instead.
    ///
    /// The same for a repeated write of the same content over this very read, which then makes no second version;
    /// never used before by any other. It tells nothing of the content, being keyed with bytes that nobody else has.
    func versionID(of next: AWSSecretValue) -> String {
        Hex.encode(HMAC.sha256(key: key, message: next.secret.copyBytes()))
    }

    /// The whole content, or the text of one key of it; nil where it is empty.
    ///
    /// Throws `missing` for a key of what is no JSON object.
    func value(of key: String?) throws(VaultError) -> Secret? {
        guard let value else { return nil }
        guard let key else { return value.isSame(as: Self.emptied) ? nil : value.secret }
        switch try Self.object(value, key).object[key] {
        case nil, .null, .string(""): return nil
        case .string(let text): return Secret(utf8: text)
        case let other?: return Secret(utf8: other.serialized())
        }
    }

    /// The content with a value set, or removed with nil; what is beside it stays byte for byte.
    func setting(_ key: String?, to secret: Secret?) throws(VaultError) -> AWSSecretValue {
        guard let key else {
            guard let secret else { return Self.emptied }
            if case .bytes = value { return .bytes(secret) }
            return .text(try Self.text(secret))
        }
        let object = try Self.object(value ?? Self.emptied, key)
        guard let secret else { return .text(Secret(copying: object.removing(key))) }
        let text = String(decoding: try Self.text(secret).copyBytes(), as: UTF8.self)
        return .text(Secret(copying: object.setting(key, to: .string(text))))
    }

    private static func object(_ value: AWSSecretValue, _ key: String) throws(VaultError) -> ObjectText {
        if case .text(let text) = value,
            let object = try? ObjectText(parsing: text.copyBytes(), maximumBytes: largest)
        {
            return object
        }
        throw VaultError(
            .missing, "it is not a JSON object and so has no key '\(key)'; take '#\(key)' out of the destination")
    }

    private static func text(_ secret: Secret) throws(VaultError) -> Secret {
        guard String(validating: secret.copyBytes(), as: UTF8.self) != nil else {
            throw VaultError(.rejected, "the value is not UTF-8")
        }
        return secret
    }
}
