import OpenID
import RotaCore
import YAML

/// Who else can say who signs in at the pages.
struct SignInSettings: Hashable, Sendable {
    /// A provider of OpenID Connect.
    struct Provider: Hashable, Sendable {
        /// In addresses.
        var name: String
        /// On its button.
        var label: String
        var settings: OpenIDProvider.Settings
        var secret: SecretReference
    }

    /// As browsers reach the pages, without a path.
    var address: String
    var providers: [Provider]
}

extension ConfigurationReader {
    mutating func signIn(_ node: Node) -> SignInSettings? {
        guard check(node, "sign-in", keys: ["address", "providers"]) else { return nil }
        let address = required("address", of: node, "sign-in").flatMap { self.address($0, "sign-in.address") }
        let providers = entries(required("providers", of: node, "sign-in"), "sign-in.providers")
            .compactMap { provider($0) }
        guard let address else { return nil }
        return SignInSettings(
            address: address.hasSuffix("/") ? String(address.dropLast()) : address, providers: providers)
    }

    private mutating func provider(_ entry: Node.Entry) -> SignInSettings.Provider? {
        let what = "sign-in '\(entry.key)'"
        let keys = ["issuer", "client-id", "client-secret", "label", "claim", "ca"]
        guard isName(entry), check(entry.value, what, keys: keys) else { return nil }
        let node = entry.value
        let issuer = required("issuer", of: node, what).flatMap { address($0, "issuer") }
        let client = required("client-id", of: node, what).flatMap { string($0, "client-id") }
        let secret = required("client-secret", of: node, what).flatMap { self.secret($0, "client-secret") }
        let label = node["label"].flatMap { string($0, "label") } ?? entry.key
        let claim = node["claim"].flatMap { string($0, "claim") } ?? "email"
        let authorities = node["ca"].flatMap { string($0, "ca") }.map { absolutePath($0, in: folder) }
        guard let issuer, let client, let secret else { return nil }
        guard issuer.hasPrefix("https://") || Self.isOfThisMachine(issuer) else {
            fault(node, "\(what): over http anybody on the way could say who it is", hint: "write issuer: https://...")
            return nil
        }
        return SignInSettings.Provider(
            name: entry.key, label: label,
            settings: OpenIDProvider.Settings(issuer: issuer, clientID: client, claim: claim, authorities: authorities),
            secret: secret)
    }

    private static func isOfThisMachine(_ address: String) -> Bool {
        ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { prefix in
            address == prefix || address.hasPrefix("\(prefix):") || address.hasPrefix("\(prefix)/")
        }
    }
}
