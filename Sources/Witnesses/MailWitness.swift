package import Crypto
package import Engine
package import HTTPClient
package import RotaCore
import TransparencyLog

/// Somebody who gets each checkpoint by mail, as an attachment, with a few lines on what to do with it.
package struct MailWitness: CheckpointWitness {
    /// How to reach him.
    package struct Settings: Sendable {
        package var host: String
        package var port: Int
        package var security: Mail.Security
        package var from: String
        package var to: [String]
        package var user: String?
        package var password: Secret?
        package var certificateAuthorityFile: String?

        package init(host: String, port: Int, security: Mail.Security, from: String, to: [String]) {
            self.host = host
            self.port = port
            self.security = security
            self.from = from
            self.to = to
        }
    }

    package let name: String
    package let kind = "email"
    package let place: String

    private let settings: Settings
    private let client: HTTPClient

    package init(name: String, settings: Settings, client: HTTPClient) {
        self.name = name
        self.settings = settings
        self.client = client
        let address = "email \(settings.host):\(settings.port) \(settings.to.joined(separator: " "))"
        place = "sha256:" + Hex.encode(SHA256.digest(of: address))
    }

    /// Nobody asks a mailbox.
    package func held(of log: String) async throws(WitnessError) -> String? { nil }

    package func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) {
        var mail = Mail(
            host: settings.host, port: settings.port, security: settings.security, from: settings.from,
            to: settings.to,
            message: MailText(checkpoint, from: settings.from, to: settings.to, at: now).bytes)
        mail.user = settings.user
        mail.password = settings.password
        mail.certificateAuthorityFile = settings.certificateAuthorityFile
        do throws(HTTPError) {
            try await client.send(mail)
        } catch {
            switch error {
            case .notSent(let reason), .invalidRequest(let reason): throw WitnessError("mail not sent: \(reason)")
            case .unknownOutcome(let reason): throw WitnessError("it is not known whether the mail was sent: \(reason)")
            case .responseTooLarge, .responseLost, .cancelled, .shutDown: throw WitnessError("mail not sent: \(error)")
            }
        }
    }
}

/// A mail (RFC 5322) with a checkpoint as a file (RFC 2045).
struct MailText {
    private let checkpoint: OfferedCheckpoint
    private let from: String
    private let to: [String]
    private let at: Instant

    init(_ checkpoint: OfferedCheckpoint, from: String, to: [String], at now: Instant) {
        self.checkpoint = checkpoint
        self.from = from
        self.to = to
        at = now
    }

    /// The same for the same checkpoint, however often it is sent: mail programs show it once.
    private var id: String {
        let digest = SHA256.digest(of: "\(checkpoint.log)\n\(checkpoint.size)\n\(checkpoint.root.base64)")
        return Hex.encode(Array(digest[..<16]))
    }

    var bytes: [UInt8] {
        let boundary = "rota-\(id)"
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let head = [
            "Date: \(Self.date(at))", "From: <\(from)>", "To: \(to.map { "<\($0)>" }.joined(separator: ",\r\n "))",
            "Subject: Audit checkpoint of \(checkpoint.size) entries, \(OfferedCheckpoint.stem(of: checkpoint.log))",
            "Message-ID: <\(id)@\(domain)>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=\"\(boundary)\"", "",
        ]
        let text = [
            "--\(boundary)", "Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 7bit", "",
        ]
        let file = [
            "--\(boundary)", "Content-Type: application/octet-stream; name=\"\(checkpoint.fileName)\"",
            "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=\"\(checkpoint.fileName)\"", "",
        ]
        let lines =
            head + text
            + Self.ascii(checkpoint.instructions).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init) + file + Self.folded(Base64.standard.encode(Array(checkpoint.note.utf8)))
            + ["--\(boundary)--", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// The name of a log may be anything.
    private static func ascii(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "\n" || (0x20...0x7E).contains($0.value) ? $0 : "?" }))
    }

    private static func folded(_ text: String) -> [String] {
        var rest = text[...]
        var lines: [String] = []
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return lines
    }

    /// `Sun, 06 Nov 1994 08:49:37 +0000`
    private static func date(_ instant: Instant) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let text = instant.description
        let (date, time) = (text.prefix(10), text.dropFirst(11).prefix(8))
        let parts = date.split(separator: "-")
        guard parts.count == 3, let month = Int(parts[1]), months.indices.contains(month - 1) else { return text }
        // The first of January 1970 was a Thursday.
        let day = days[Int(((instant.seconds / 86_400) % 7 + 7) % 7)]
        return "\(day), \(parts[2]) \(months[month - 1]) \(parts[0]) \(time) +0000"
    }
}
