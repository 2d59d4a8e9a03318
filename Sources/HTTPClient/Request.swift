/// One HTTP request.
///
/// Printing it shows the method and the URL without its query, never headers or body.
package struct Request: Sendable {
    /// Upper case letters, such as `GET`, `POST` or `LIST`.
    package var method: String
    /// An `http` or `https` URL, percent-encoded, without user name; sent exactly as written.
    package var url: String
    /// `Content-Length`, `Transfer-Encoding` and `Expect` are the client's own.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// From submission to the last byte of the reply.
    package var timeout: Duration = .seconds(30)
    /// For name, connection and TLS together.
    package var connectTimeout: Duration = .seconds(5)
    /// How long a peer may send next to nothing (fewer than ten bytes a second) before it is left.
    package var longestSilence: Duration = .seconds(30)
    package var maximumResponseBytes = 1 << 20
    /// An open file that the body of a success (2xx) is written into as it comes; it is not in the response then.
    package var bodyFile: Int32?
    /// Connects to this socket instead of the URL's host; only under an open address policy.
    package var unixSocket: String?
    /// PEM file of the only authorities to trust; the system's if nil.
    package var certificateAuthorityFile: String?
    package var clientCertificate: ClientCertificate?
    /// Signs the request for AWS; its query must be sorted then, and its Content-Type named.
    package var signature: AWSSignature?

    /// PEM files of a certificate with its chain, and of its unencrypted key.
    package struct ClientCertificate: Sendable, Hashable {
        package var certificateFile: String
        package var keyFile: String

        package init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

extension Request: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(method) \(Self.withoutSecrets(url))" }
    package var debugDescription: String { description }
    /// Empty, so that `dump` and printed containers show no header either.
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// A URL without user name, query and fragment, the places where secrets are put.
    private static func withoutSecrets(_ url: String) -> String {
        let address = url.prefix { $0 != "?" && $0 != "#" }
        let parts = address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return "(no URL)" }
        let host = parts[2].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return (parts[..<2] + [host] + parts[3...]).joined(separator: "/")
    }
}

extension Request {
    /// Throws `invalidRequest` for what would break the framing of the request or is out of bounds.
    func validate() throws(HTTPError) {
        guard (1...16).contains(method.utf8.count), method.utf8.allSatisfy(Self.isUpperCase) else {
            throw .invalidRequest("the method is not one to sixteen upper case letters")
        }
        let scheme = url.prefix(8).lowercased()
        guard scheme.hasPrefix("http://") || scheme == "https://" else {
            throw .invalidRequest("the URL does not start with http:// or https://")
        }
        guard url.utf8.count <= 8192, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidRequest(
                "the URL is over 8192 bytes or holds blanks, controls or non-ASCII; encode it")
        }
        guard body.count <= 64 << 20 else {
            throw .invalidRequest("the body has \(body.count) bytes, more than the limit of \(64 << 20)")
        }
        guard timeout >= .milliseconds(1), longestSilence >= .seconds(1), connectTimeout >= .milliseconds(1),
            maximumResponseBytes >= 0
        else {
            throw .invalidRequest("timeouts and limits must be positive")
        }
        let files = [
            unixSocket, certificateAuthorityFile, clientCertificate?.certificateFile,
            clientCertificate?.keyFile,
        ]
        guard files.allSatisfy({ $0?.utf8.contains(0) != true && $0?.isEmpty != true }) else {
            throw .invalidRequest("a path is empty or holds NUL")
        }
        try validateHeaders()
        try signature?.validate(self)
    }

    private func validateHeaders() throws(HTTPError) {
        guard headers.count <= 100,
            headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) <= 64 << 10
        else { throw .invalidRequest("more than 100 headers or 65536 bytes of them") }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalidRequest("a header name is empty or holds a forbidden character")
            }
            guard !["content-length", "transfer-encoding", "expect"].contains(name.lowercased()) else {
                throw .invalidRequest("header \(name) is set by the client itself")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .invalidRequest("the value of header \(name) holds a control character")
            }
        }
    }

    private static func isUpperCase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isUpperCase(byte & 0xDF) && byte < 0x80 || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
