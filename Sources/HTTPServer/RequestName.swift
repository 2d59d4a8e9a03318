/// What a request is called, in its answer and in logs.
enum RequestName {
    static let longest = 64

    /// The one that it came with, such as a proxy's; nil where there is none, more than one, or one that could be
    /// anything else in a log.
    static func given(in headers: Headers) -> String? {
        var found: Headers.Field?
        for field in headers.fields where headers.matches(field, "x-request-id") {
            guard found == nil else { return nil }
            found = field
        }
        guard let found, (1...longest).contains(found.value.count) else { return nil }
        let bytes = headers.value(found)
        guard bytes.allSatisfy(isPlain), !looksLikeToken(bytes) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Something, an underscore, and 36 letters and digits: so tokens look, GitHub's and others. Whoever mistakes one
    /// field for another must not find it in a log.
    private static func looksLikeToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        let tail = bytes.suffix(36)
        guard bytes.count > 37, tail.allSatisfy(isAlphanumeric) else { return false }
        return bytes[tail.startIndex - 1] == UInt8(ascii: "_")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: false
        }
    }
}
