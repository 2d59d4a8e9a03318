import RotaCore
import YAML

/// What is known of a vault of kind `aws-secrets-manager`.
extension ConfigurationReader {
    private static let ways = "environment, { access-key, secret-key }, { profile } or { web-identity }"

    mutating func awsSecretsManager(_ node: Node, _ what: String) -> AWSSettings? {
        let keys = ["kind", "region", "endpoint", "auth", "certificate-authority", "timeout", "check-path"]
        guard check(node, what, keys: keys) else { return nil }
        let region = required("region", of: node, what).flatMap { self.region($0) }
        let endpoint = node["endpoint"].flatMap { origin($0, "endpoint") }
        let authority = node["certificate-authority"].flatMap { string($0, "certificate-authority") }
        let timeout = node["timeout"].flatMap { span($0, "timeout", in: 1...600) }
        let authentication = required("auth", of: node, what).flatMap { awsAuthentication($0) }
        guard let region, let authentication else { return nil }
        return AWSSettings(
            region: region, endpoint: endpoint, authentication: authentication,
            certificateAuthority: authority.map { absolutePath($0, in: folder) }, timeout: timeout)
    }

    private mutating func region(_ node: Node) -> String? {
        guard let text = string(node, "region") else { return nil }
        let isRegion =
            text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
        guard isRegion else {
            fault(node, "region: '\(abridged(text))' is not a region", hint: "write one like eu-west-1")
            return nil
        }
        return text
    }

    /// An address of scheme, host and port alone.
    private mutating func origin(_ node: Node, _ key: String) -> String? {
        guard let text = address(node, key) else { return nil }
        let origin = text.hasSuffix("/") ? String(text.dropLast()) : text
        let host = origin.split(separator: "/", maxSplits: 1).last ?? ""
        guard !host.dropFirst().contains(where: { "/?#\\".contains($0) }) else {
            fault(node, "\(key): expected scheme, host and port alone", hint: "write https://host:8443")
            return nil
        }
        return origin
    }

    private mutating func awsAuthentication(_ node: Node) -> AWSSettings.Authentication? {
        if node.text == "environment" { return .environment }
        guard node.entries != nil else {
            fault(node, "auth: expected one of \(Self.ways)")
            return nil
        }
        if node["profile"] != nil { return profile(node) }
        if node["web-identity"] != nil { return webIdentity(node) }
        let keys = ["access-key", "secret-key", "session-token", "profile", "web-identity"]
        guard check(node, "auth", keys: keys) else { return nil }
        let accessKey = required("access-key", of: node, "auth").flatMap { secret($0, "access-key") }
        let secretKey = required("secret-key", of: node, "auth").flatMap { secret($0, "secret-key") }
        let sessionToken = node["session-token"].map { secret($0, "session-token") }
        // A session token that cannot be read has been told of.
        guard let accessKey, let secretKey, sessionToken.map({ $0 != nil }) ?? true else { return nil }
        return .keys(accessKey: accessKey, secretKey: secretKey, sessionToken: sessionToken ?? nil)
    }

    private mutating func profile(_ node: Node) -> AWSSettings.Authentication? {
        let keys = ["profile", "credentials-file", "config-file"]
        guard check(node, "auth", keys: keys), let name = node["profile"].flatMap({ string($0, "profile") }) else {
            return nil
        }
        let files = keys.dropFirst().map { key in
            node[key].flatMap { string($0, key) }.map { absolutePath($0, in: folder) }
        }
        return .profile(name, credentialsFile: files[0], configurationFile: files[1])
    }

    private mutating func webIdentity(_ auth: Node) -> AWSSettings.Authentication? {
        let what = "web-identity"
        guard check(auth, "auth", keys: [what]), let node = auth[what],
            check(node, what, keys: ["role", "token", "session", "endpoint"])
        else { return nil }
        let role = required("role", of: node, what).flatMap { self.role($0) }
        let token = required("token", of: node, what).flatMap { secret($0, "token") }
        let session = node["session"].map { sessionName($0) } ?? "rota"
        let endpoint = node["endpoint"].flatMap { origin($0, "endpoint") }
        guard let role, let token, let session else { return nil }
        return .webIdentity(role: role, session: session, token: token, endpoint: endpoint)
    }

    private mutating func role(_ node: Node) -> String? {
        guard let text = string(node, "role") else { return nil }
        guard text.hasPrefix("arn:"), text.contains(":role/"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            fault(
                node, "role: '\(abridged(text))' is not the ARN of a role",
                hint: "write arn:aws:iam::123456789012:role/rota")
            return nil
        }
        return text
    }

    private mutating func sessionName(_ node: Node) -> String? {
        guard let text = string(node, "session") else { return nil }
        let isName =
            (2...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122: true
                default: "_=,.@-".utf8.contains($0)
                }
            }
        guard isName else {
            fault(node, "session: '\(abridged(text))' cannot be a name", hint: "2 to 64 letters, digits and '_=,.@-'")
            return nil
        }
        return text
    }
}
