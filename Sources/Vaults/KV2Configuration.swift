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
    /// The address with `/v1` behind it.
    ///
    /// Throws `rejected` for anything but scheme, host and port: a path would be a mistake, and a user name
    /// or a query a place where secrets get into logs.
    func baseURL() throws(VaultError) -> String {
        var rest = Substring(address)
        let scheme = ["https://", "http://"].first { rest.lowercased().hasPrefix($0) }
        guard let scheme else {
            throw VaultError(
                .rejected, "the address of vault '\(name)' does not start with https:// or http://")
        }
        rest = rest.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest.removeLast() }
        let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard !rest.isEmpty, isPlain, !rest.contains(where: { "/?#@\\".contains($0) }) else {
            throw VaultError(
                .rejected,
                "the address of vault '\(name)' is not scheme, host and port; write https://host:8200")
        }
        return scheme + rest + "/v1"
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
        return parts.map(Self.encoded(part:)).joined(separator: "/")
    }

    private static func encoded(part: Substring) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in part.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
