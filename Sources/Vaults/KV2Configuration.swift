import Engine

/// Where a KV version 2 mount of HashiCorp Vault or OpenBao is, and how much patience we have with it.
package struct KV2Configuration: Hashable, Sendable {
    package var name: String
    /// `http` or `https`, host and port; no path.
    package var address: String
    /// The path of the mount, such as `secret` or `team/kv`.
    package var mount: String
    package var namespace: String?
    /// PEM file of the only authorities to trust; the system's if nil.
    package var certificateAuthorityFile: String?
    /// From submission to the last byte of the answer.
    package var timeout: Duration
    package var connectTimeout: Duration
    /// Calls above it wait.
    package var requestsInFlight: Int

    package init(
        name: String, address: String, mount: String = "secret", namespace: String? = nil,
        certificateAuthorityFile: String? = nil, timeout: Duration = .seconds(10),
        connectTimeout: Duration = .seconds(3), requestsInFlight: Int = 32
    ) {
        self.name = name
        self.address = address
        self.mount = mount
        self.namespace = namespace
        self.certificateAuthorityFile = certificateAuthorityFile
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.requestsInFlight = requestsInFlight
    }
}

extension KV2Configuration {
    /// The address with `/v1` behind it; throws `rejected` for anything but scheme, host and port.
    func baseURL() throws(VaultError) -> String {
        try serverAddress(address, of: name) + "/v1"
    }

    /// A path with each part percent-encoded.
    ///
    /// Throws `rejected` for empty parts, for `.` and `..`, which servers and proxies resolve away, and for
    /// control characters.
    static func encoded(path: String) throws(VaultError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.count <= 1024 else {
            throw VaultError(.rejected, "the path is longer than 1024 bytes")
        }
        for part in parts {
            guard !part.isEmpty, part != ".", part != ".." else {
                throw VaultError(
                    .rejected, "the path '\(path)' has an empty part, '.' or '..'; write it like 'app/db'")
            }
            guard !part.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                throw VaultError(.rejected, "the path holds a control character")
            }
        }
        return parts.map { PercentEncoding.encode($0) }.joined(separator: "/")
    }
}
