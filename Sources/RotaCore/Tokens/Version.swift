import Crypto

/// SHA-256 of a token's value: all that is ever stored of it.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// Thirty-two bytes.
    package let bytes: [UInt8]

    /// Nil unless there are thirty-two bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads `sha256:<64 hexadecimal digits>`.
    package init?(_ text: String) {
        let prefix = "sha256:"
        guard text.utf8.count == prefix.utf8.count + 64, text.hasPrefix(prefix),
            let bytes = Hex.decode(Substring(text.utf8.dropFirst(prefix.utf8.count)))
        else { return nil }
        self.bytes = bytes
    }

    /// `sha256:<hex>`.
    package var description: String { "sha256:" + Hex.encode(bytes) }
}

/// One value of a token, numbered from 1.
package struct Version: Hashable, Sendable {
    package var number: Int
    package var state: VersionState
    /// Nil for an imported value of which no digest was given: it cannot be verified.
    package var digest: Digest?
    /// The last four characters of the value, to tell versions apart; empty when not known.
    package var hint: String
    package var issuedAt: Instant?
    /// The end of its overlap, for `previous` and `unconfirmed`.
    package var endsAt: Instant?
    package var endedAt: Instant?

    package init(
        number: Int, state: VersionState, digest: Digest?, hint: String = "", issuedAt: Instant?,
        endsAt: Instant? = nil, endedAt: Instant? = nil
    ) {
        self.number = number
        self.state = state
        self.digest = digest
        self.hint = hint
        self.issuedAt = issuedAt
        self.endsAt = endsAt
        self.endedAt = endedAt
    }
}

/// One place in one vault where a token's current value lives.
package struct Destination: Hashable, Sendable, CustomStringConvertible {
    /// How long a request to one may be under way, and a process stopped in the middle of one.
    package static let longestPause = TimeSpan(seconds: 3600)

    /// The store's number of it; 0 before it is stored.
    package var id: Int64
    package var vault: String
    package var path: String
    /// The field within the secret, where the kind of vault has fields; else nil.
    package var field: String?
    /// The digest of a value that was found there and adopted, so that it may be replaced.
    package var baseline: Digest?

    package init(id: Int64 = 0, vault: String, path: String, field: String? = nil, baseline: Digest? = nil) {
        self.id = id
        self.vault = vault
        self.path = path
        self.field = field
        self.baseline = baseline
    }

    /// Reads `vault:path#field`; `#field` may be absent. Nil for an empty part, a control character, and a path
    /// that is absolute or goes up.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        let start = bytes.index(after: colon)
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "#"))
        let path = bytes[start..<(end ?? bytes.endIndex)]
        let field = end.map { String(text[bytes.index(after: $0)...]) }
        guard field != "", Self.leadsDown(path) else { return nil }
        self.init(vault: String(text[..<colon]), path: String(Substring(path)), field: field)
    }

    /// Whether no step of a path is empty, stands still or goes up.
    private static func leadsDown(_ path: Substring.UTF8View) -> Bool {
        path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { step in
            switch step.count {
            case 0: false
            case 1: step.first != UInt8(ascii: ".")
            case 2: !step.elementsEqual("..".utf8)
            default: true
            }
        }
    }

    /// `vault:path#field`.
    package var description: String {
        "\(vault):\(path)" + (field.map { "#\($0)" } ?? "")
    }
}
