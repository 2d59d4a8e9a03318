package import Crypto

/// The shape of a value: `<prefix>_`, thirty random base62 characters, six of their CRC32.
///
/// The layout is GitHub's, so that secret scanners can match it and tell a real one from a typo offline.
package enum TokenValue {
    package static let defaultPrefix = "rota"
    /// How many random characters a value has: 178 bits.
    package static let randomCount = 30

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether `text` is `[a-z][a-z0-9]{1,15}`.
    package static func isPrefix(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first), (2...16).contains(text.utf8.count)
        else {
            return false
        }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
    }

    /// Builds a value out of random bytes; bytes of 248 and above are passed over, so that every
    /// character is equally likely.
    package static func mint(prefix: String, randomBytes: () -> [UInt8]) -> Secret {
        var random: [UInt8] = []
        random.reserveCapacity(randomCount)
        while random.count < randomCount {
            for byte in randomBytes() where byte < 248 && random.count < randomCount {
                random.append(alphabet[Int(byte % 62)])
            }
        }
        return Secret(copying: Array(prefix.utf8) + [UInt8(ascii: "_")] + random + checksum(of: random))
    }

    /// Whether the bytes have the layout and a right checksum; a typo fails here, without a look-up.
    package static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        hasLayout(bytes) && hasChecksum(bytes)
    }

    /// Whether the checksum of bytes that have the layout is right.
    package static func hasChecksum(_ bytes: [UInt8]) -> Bool {
        let random = Array(bytes.suffix(randomCount + 6).prefix(randomCount))
        return bytes.suffix(6).elementsEqual(checksum(of: random))
    }

    /// Whether the bytes look like a value of ours, be its checksum right or wrong.
    ///
    /// Imported tokens may have values that do not.
    package static func hasLayout(_ bytes: [UInt8]) -> Bool {
        let tail = randomCount + 6
        guard bytes.count >= tail + 3, bytes.count <= tail + 17 else { return false }
        let split = bytes.count - tail
        return bytes[split - 1] == UInt8(ascii: "_")
            && isPrefix(String(decoding: bytes[..<(split - 1)], as: UTF8.self))
            && bytes[split...].allSatisfy(isBase62)
    }

    private static func isBase62(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// The last four characters.
    package static func hint(of value: Secret) -> String {
        String(decoding: value.copyBytes().suffix(4), as: UTF8.self)
    }

    /// SHA-256 of the value.
    package static func digest(of value: Secret) -> Digest? {
        Digest(bytes: SHA256.digest(of: value.copyBytes()))
    }

    /// The CRC32 of each byte by itself.
    private static let remainders: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }

    /// Six base62 characters, zero padded, of the CRC32 (IEEE 802.3) of `random`.
    static func checksum(of random: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in random { crc = (crc >> 8) ^ remainders[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        var rest = ~crc
        var characters = [UInt8](repeating: alphabet[0], count: 6)
        for index in stride(from: 5, through: 0, by: -1) {
            characters[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return characters
    }
}
