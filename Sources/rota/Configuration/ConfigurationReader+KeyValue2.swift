import YAML

/// What is known of a vault of kind `vault-kv2`.
extension ConfigurationReader {
    private typealias Login = KeyValue2Settings.Login

    /// Where Kubernetes puts the token of a pod's service account.
    private static let serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

    mutating func keyValue2(_ node: Node, _ what: String) -> KeyValue2Settings? {
        let keys = ["kind", "address", "mount", "namespace", "auth", "certificate-authority", "timeout", "check-path"]
        guard check(node, what, keys: keys) else { return nil }
        let address = required("address", of: node, what).flatMap { self.address($0, "address") }
        let mount = required("mount", of: node, what).flatMap { string($0, "mount") }
        let namespace = node["namespace"].flatMap { string($0, "namespace") }
        let authority = node["certificate-authority"].flatMap { string($0, "certificate-authority") }
        let timeout = node["timeout"].flatMap { span($0, "timeout", in: 1...600) }
        let authentication = required("auth", of: node, what).flatMap { self.authentication($0) }
        guard let address, let mount, let authentication else { return nil }
        return KeyValue2Settings(
            address: address, mount: mount, namespace: namespace, authentication: authentication,
            certificateAuthority: authority.map { absolutePath($0, in: folder) }, timeout: timeout)
    }

    private mutating func authentication(_ node: Node) -> KeyValue2Settings.Authentication? {
        let ways = ["token", "approle", "kubernetes", "jwt"]
        guard check(node, "auth", keys: ways), let entries = node.entries else { return nil }
        // An unknown one has been told already.
        guard entries.allSatisfy({ ways.contains($0.key) }) else { return nil }
        guard let entry = entries.first, entries.count == 1 else {
            fault(node, "auth: expected exactly one of \(ways.joined(separator: ", "))")
            return nil
        }
        switch entry.key {
        case "token": return secret(entry.value, "token").map { .token($0) }
        case "approle": return appRole(entry.value).map { .login($0) }
        case "kubernetes":
            return login(entry.value, entry.key, token: .file(Self.serviceAccountToken)) {
                .kubernetes(role: $0, token: $1)
            }
        default: return login(entry.value, entry.key, token: nil) { .jwt(role: $0, token: $1) }
        }
    }

    private mutating func appRole(_ node: Node) -> Login? {
        guard check(node, "approle", keys: ["role-id", "secret-id", "mount", "namespace"]) else { return nil }
        let roleID = required("role-id", of: node, "approle").flatMap { secret($0, "role-id") }
        let secretID = required("secret-id", of: node, "approle").flatMap { secret($0, "secret-id") }
        guard let roleID, let secretID else { return nil }
        return place(Login(method: .appRole(roleID: roleID, secretID: secretID)), node)
    }

    /// - parameter token: where it is when the file does not say so.
    private mutating func login(
        _ node: Node, _ what: String, token usual: SecretReference?,
        _ method: (String, SecretReference) -> Login.Method
    ) -> KeyValue2Settings.Authentication? {
        guard check(node, what, keys: ["role", "token", "mount", "namespace"]) else { return nil }
        let role = required("role", of: node, what).flatMap { string($0, "role") }
        let token: SecretReference? =
            if node["token"] == nil, let usual { usual } else {
                required("token", of: node, what).flatMap { secret($0, "token") }
            }
        guard let role, let token else { return nil }
        return .login(place(Login(method: method(role, token)), node))
    }

    private mutating func place(_ login: Login, _ node: Node) -> Login {
        var login = login
        login.mount = node["mount"].flatMap { string($0, "mount") }
        login.namespace = node["namespace"].flatMap { string($0, "namespace") }
        return login
    }
}
