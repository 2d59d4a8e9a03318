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
}
