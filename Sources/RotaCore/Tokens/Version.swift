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
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        let digits = text.utf8.dropFirst("sha256:".utf8.count)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for digit in digits {
            let nibble: UInt8
            switch digit {
            case 48...57: nibble = digit - 48
            case 97...102: nibble = digit - 87
            case 65...70: nibble = digit - 55
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        self.bytes = bytes
    }

    /// `sha256:<hex>`.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return "sha256:"
            + String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
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
    package init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else { return nil }
        let rest = text[text.index(after: colon)...]
        let parts = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, parts.count == 1 || !parts[1].isEmpty,
            path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ !["", ".", ".."].contains($0) })
        else { return nil }
        self.init(
            vault: String(text[..<colon]), path: String(path),
            field: parts.count == 2 ? String(parts[1]) : nil)
    }

    /// `vault:path#field`.
    package var description: String {
        "\(vault):\(path)" + (field.map { "#\($0)" } ?? "")
    }
}
