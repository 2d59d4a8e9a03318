package import Crypto

/// One mail on its way to the server that takes mails in (SMTP, RFC 6409).
///
/// Printing it shows the server, never addresses, text or password.
package struct Mail: Sendable {
    /// How the way to the server is kept from others.
    package enum Security: Hashable, Sendable {
        /// The connection turns to TLS before anything is said (RFC 3207), or the mail is not sent.
        case startTLS
        /// TLS from the first byte on (RFC 8314).
        case implicit
        /// For a server on this machine.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Whom answers and failures go to: an address alone.
    package var from: String
    package var to: [String]
    /// Head and text, with CRLF at the end of each line.
    package var message: [UInt8]
    package var user: String?
    package var password: Secret?
    /// PEM file of the only authorities to trust; the system's if nil.
    package var certificateAuthorityFile: String?
    /// From submission to the server's last word.
    package var timeout: Duration = .seconds(60)

    package init(
        host: String, port: Int, security: Security, from: String, to: [String], message: [UInt8]
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.from = from
        self.to = to
        self.message = message
    }

    /// Whether a text is an address as it may stand in an envelope: no blanks, brackets or controls, and nothing that
    /// is not ASCII.
    package static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 254 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>()[],;:\\\"".utf8.contains($0) }
    }
}

extension Mail: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "mail by \(host):\(port)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Mail {
    private static let largestMessage = 1 << 20

    var url: String {
        let scheme = security == .implicit ? "smtps" : "smtp"
        return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Throws `invalidRequest` for what would break the envelope or is out of bounds.
    func validate() throws(HTTPError) {
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/?#@[]\\".utf8.contains($0) }
        guard isHost, (1...65_535).contains(port) else { throw .invalidRequest("this is no mail server") }
        guard !to.isEmpty, to.count <= 100, ([from] + to).allSatisfy(Self.isAddress) else {
            throw .invalidRequest("an address of the mail is none")
        }
        guard (1...Self.largestMessage).contains(message.count) else {
            throw .invalidRequest("a mail has 1 to \(Self.largestMessage) bytes, not \(message.count)")
        }
        guard user.map({ !$0.isEmpty && !$0.utf8.contains(0) }) ?? true, timeout >= .milliseconds(1) else {
            throw .invalidRequest("the user of a mail server is empty, or a time is not positive")
        }
    }
}

extension HTTPClient {
    /// Hands a mail to its server. Returning means that the server answers for it from now on.
    ///
    /// Mails go through the same thread, address policy and rules of TLS as requests. A connection serves one mail.
    package func send(_ mail: Mail) async throws(HTTPError) {
        try mail.validate()
        _ = try await carry(.mail(mail))
    }
}
