import Crypto

/// What may stand in the fields of a token: checked wherever one is made, edited or imported.
package enum TokenFields {
    /// In characters.
    package static let longestName = 200
    package static let longestText = 1000
    package static let mostScopes = 256
    package static let mostLabels = 64
    package static let mostDestinations = 32

    /// A description, owner or integration: up to 1,000 characters on one line; may be empty.
    package static func isText(_ text: String) -> Bool { isText(text, longest: longestText) }

    /// 1 to 128 printable ASCII characters; no blank, `"`, `\\` (RFC 6749 section 3.3) or `;`.
    package static func isScope(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#""\;"#.utf8.contains($0) }
    }

    /// 1 to 63 letters, digits and `.`, `-`, `_`, `/`.
    package static func isLabelKey(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122: true
                default: "._-/".utf8.contains($0)
                }
            }
    }

    /// Up to 256 characters without control characters and `;`.
    package static func isLabelValue(_ text: String) -> Bool {
        isText(text, longest: 256) && !text.contains(";")
    }

    static func isText(_ text: String, longest: Int) -> Bool {
        (text.utf8.count <= longest || text.count <= longest)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) && !turns($0) }
    }

    /// Whether it has what follows read in the other direction: a name would look like another one.
    private static func turns(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}

extension TokenID {
    static let prefix = "tok_"

    /// Names a token after ten random bytes.
    package init(randomBytes: [UInt8]) {
        self.init(Self.prefix + Hex.encode(randomBytes))
    }

    /// How many random bytes an id has.
    package static let randomCount = 10

    static func isWellFormed(_ text: String) -> Bool {
        let hex = text.utf8.dropFirst(prefix.utf8.count)
        return text.hasPrefix(prefix) && hex.count == randomCount * 2
            && hex.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

/// Ids that follow one another, from a random one on: whoever adds many tokens at once adds them at one place of
/// every index over ids, and not at a million.
package struct TokenIDSeries: Sendable {
    private var bytes: [UInt8]

    /// - parameter bytes: as many as `TokenID.randomCount`.
    package init(randomBytes bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next one; after the last of all comes the first.
    package mutating func next() -> TokenID {
        defer { step() }
        return TokenID(randomBytes: bytes)
    }

    private mutating func step() {
        for position in bytes.indices.reversed() {
            bytes[position] &+= 1
            if bytes[position] != 0 { return }
        }
    }
}
