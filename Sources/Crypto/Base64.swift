/// Base 64 (RFC 4648): the standard alphabet with padding, and the one for URLs and JWTs without.
package enum Base64: Sendable {
    case standard
    case url

    /// Writes bytes.
    package func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { target in
            bytes.withUnsafeBytes { encode($0, into: UnsafeMutableRawBufferPointer(target)) }
        }
    }

    /// Writes a secret; the result is as secret.
    package func encode(_ secret: Secret) -> Secret {
        Secret(capacity: encodedCount(secret.count)) { target in
            secret.withBytes { encode($0, into: target) }
        }
    }

    /// Reads bytes back, and gives nil for what `encode` would not have written: wrong characters, wrong
    /// padding, or bits left over, so that one value has one spelling.
    package func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { source in
            let source = UnsafeRawBufferPointer(source)
            guard let count = decodedCount(source) else { return nil }
            var whole = false
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
                whole = decode(source, into: UnsafeMutableRawBufferPointer(target))
                filled = whole ? count : 0
            }
            return whole ? bytes : nil
        }
    }

    /// Reads a secret back, and gives nil as the other `decode` does.
    package func decode(_ secret: Secret) -> Secret? {
        secret.withBytes { source in
            guard let count = decodedCount(source) else { return nil }
            var whole = false
            let bytes = Secret(capacity: count) { target in
                whole = decode(source, into: target)
                return count
            }
            return whole ? bytes : nil
        }
    }
}

extension Base64 {
    private static let standardAlphabet =
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlAlphabet =
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let padding = UInt8(ascii: "=")

    private var alphabet: [UInt8] {
        switch self {
        case .standard: Self.standardAlphabet
        case .url: Self.urlAlphabet
        }
    }

    private func encodedCount(_ count: Int) -> Int {
        switch self {
        case .standard: (count + 2) / 3 * 4
        case .url: (count * 8 + 5) / 6
        }
    }

    private func encode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        let alphabet = alphabet
        var pending: UInt32 = 0
        var bits = 0
        var written = 0
        for byte in source {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                target[written] = alphabet[Int(pending >> UInt32(bits) & 63)]
                written += 1
            }
        }
        if bits > 0 {
            target[written] = alphabet[Int(pending << UInt32(6 - bits) & 63)]
            written += 1
        }
        let total = encodedCount(source.count)
        while written < total {
            target[written] = Self.padding
            written += 1
        }
        return total
    }

    /// How many bytes this many characters hold, once the padding is right.
    private func decodedCount(_ source: UnsafeRawBufferPointer) -> Int? {
        let characters = charactersWithoutPadding(source)
        let count = characters * 6 / 8
        return encodedCount(count) == source.count ? count : nil
    }

    private func charactersWithoutPadding(_ source: UnsafeRawBufferPointer) -> Int {
        guard self == .standard else { return source.count }
        return source.count - source.suffix(2).count { $0 == Self.padding }
    }

    private func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        var pending: UInt32 = 0
        var bits = 0
        var written = 0
        for character in source[..<charactersWithoutPadding(source)] {
            guard let value = value(of: character) else { return false }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                target[written] = UInt8(truncatingIfNeeded: pending >> UInt32(bits))
                written += 1
            }
        }
        return pending & (1 << UInt32(bits) - 1) == 0
    }

    private func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case alphabet[62]: 62
        case alphabet[63]: 63
        default: nil
        }
    }
}
