package import Crypto

/// The shape of a value: `<prefix>_`, thirty random base62 characters, six of their CRC32.
///
/// The layout is GitHub's, so that secret scanners can match it and tell a real one from a typo offline.
package enum TokenValue {
    package static let defaultPrefix = "rota"
    /// How many random characters a value has: 178 bits.
    package static let randomCount = 30
    private static let checksumCount = 6

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

    /// The digest of what somebody presents; nil for a value of our own layout with a wrong checksum, which is a typo
    /// and need not be looked up. Other values may belong to imported tokens.
    package static func digestUnlessMistyped(_ bytes: Span<UInt8>) -> Digest? {
        if hasLayout(bytes), !hasChecksum(bytes) { return nil }
        return Digest(bytes: SHA256.digest(of: bytes))
    }

    /// Whether the bytes have the layout and a right checksum; a typo fails here, without a look-up.
    package static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        hasLayout(bytes.span) && hasChecksum(bytes.span)
    }

    /// Whether the checksum of bytes that have the layout is right.
    private static func hasChecksum(_ bytes: Span<UInt8>) -> Bool {
        let end = bytes.count - checksumCount
        var rest = checksum(of: bytes.extracting(end - randomCount..<end))
        for index in (end..<bytes.count).reversed() {
            guard bytes[index] == alphabet[Int(rest % 62)] else { return false }
            rest /= 62
        }
        return true
    }

    /// Whether the bytes look like a value of ours, be its checksum right or wrong.
    ///
    /// Imported tokens may have values that do not.
    private static func hasLayout(_ bytes: Span<UInt8>) -> Bool {
        let tail = randomCount + checksumCount
        guard bytes.count >= tail + 3, bytes.count <= tail + 17 else { return false }
        let split = bytes.count - tail
        guard bytes[split - 1] == UInt8(ascii: "_"), (97...122).contains(bytes[0]) else { return false }
        for index in 1..<split - 1 where !((97...122).contains(bytes[index]) || (48...57).contains(bytes[index])) {
            return false
        }
        for index in split..<bytes.count where !isBase62(bytes[index]) { return false }
        return true
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

    /// The CRC32 (IEEE 802.3) of `random`.
    private static func checksum(of random: Span<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for index in random.indices {
            crc = (crc >> 8) ^ remainders[Int(UInt8(truncatingIfNeeded: crc) ^ random[index])]
        }
        return ~crc
    }

    /// The same as six base62 characters, zero padded.
    static func checksum(of random: [UInt8]) -> [UInt8] {
        var rest = checksum(of: random.span)
        var characters = [UInt8](repeating: alphabet[0], count: checksumCount)
        for index in stride(from: checksumCount - 1, through: 0, by: -1) {
            characters[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return characters
    }
}
