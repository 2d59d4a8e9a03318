package import JSON
package import RotaCore

/// What an audit log that was kept elsewhere says was ended: what a restored store may have forgotten (I5).
package struct ExportedAudit: Hashable, Sendable {
    /// A version of a token.
    package struct Value: Hashable, Sendable {
        package var token: TokenID
        package var version: Int
    }

    /// Tokens that were revoked, with why.
    package private(set) var revoked: [TokenID: String] = [:]
    /// Versions that were retired or discarded.
    package private(set) var ended: Set<Value> = []
    /// Which version had which value.
    private var minted: [Digest: Value] = [:]
    package private(set) var count = 0

    package init() {}

    /// Takes one entry's body.
    package mutating func add(_ entry: JSON) {
        count += 1
        guard let action = entry["action"]?.string, let object = entry["object"]?.string else { return }
        let token = TokenID(object)
        let version = entry["after"]?["version"]?.integer.map { Value(token: token, version: Int($0)) }
        switch action {
        case "token.revoke": revoked[token] = entry["cause"]?.string ?? ""
        case "version.retire", "version.discard":
            if let version { ended.insert(version) }
        case "version.arm", "version.adopt":
            guard let version, let digest = entry["after"]?["digest"]?.string.flatMap({ Digest($0) }) else { return }
            minted[digest] = version
        default: return
        }
    }

    /// Which version a value was; nil where the log does not say.
    package func value(of digest: Digest) -> Value? { minted[digest] }

    /// Whether a version in the store is the one that was ended: where the log knows the values of both, they are the
    /// same.
    package func hasEnded(_ version: Version, of token: TokenID) -> Bool {
        let value = Value(token: token, version: version.number)
        guard ended.contains(value) else { return false }
        guard let digest = version.digest, let known = minted.first(where: { $0.value == value }) else { return true }
        return known.key == digest
    }
}
