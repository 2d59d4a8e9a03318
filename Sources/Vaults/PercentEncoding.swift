import Engine

/// Percent-encoding (RFC 3986), of everything but the unreserved characters.
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// One part of a path, a query or a form.
    static func encode(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A path with each part encoded.
    ///
    /// Throws `rejected` for empty parts, for `.` and `..`, which servers and proxies resolve away, and for
    /// control characters.
    static func encode(path: String) throws(VaultError) -> String {
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
        return parts.map { encode($0) }.joined(separator: "/")
    }
}
