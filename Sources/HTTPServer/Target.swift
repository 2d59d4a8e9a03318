import Crypto

/// What is asked for: the path in segments, each decoded, and the query as it came.
package struct Target: Hashable, Sendable {
    /// The path as it came, still encoded: good as a key, as a text for people, and for nothing else.
    package let path: String
    /// Decoded; `/v1/a%2Fb` has two: `v1` and `a/b`. Made anew each time: few ask, since most paths have a route as
    /// they are.
    package var segments: [String] { Self.segments(of: path) ?? [] }
    package let query: String?
    /// Path and query, as they came.
    package var whole: String { query.map { "\(path)?\($0)" } ?? path }

    /// Reads the target of a request line; nil for one that is not absolute within this server, or that does not
    /// decode to text without control characters and without `.` and `..`.
    package init?(_ text: String) {
        let bytes = text.utf8
        // Visible ASCII is all that a target is made of; a fragment never leaves the client.
        guard bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
        else { return nil }
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        path = String(text[..<end])
        query = end == bytes.endIndex ? nil : String(text[bytes.index(after: end)...])
        guard Self.isPlain(bytes[..<end]) || Self.segments(of: path) != nil else { return nil }
    }

    /// Whether there is nothing to decode, nor a dot that could be a step up: no full stop follows on a slash.
    private static func isPlain(_ path: Substring.UTF8View) -> Bool {
        var last: UInt8 = 0
        for byte in path {
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: ".") && last == UInt8(ascii: "/") { return false }
            last = byte
        }
        return true
    }

    private static func segments(of path: String) -> [String]? {
        var segments: [String] = []
        for segment in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let decoded = Self.decode(segment), decoded != ".", decoded != ".." else { return nil }
            segments.append(decoded)
        }
        return segments
    }

    private static func decode(_ segment: Substring.UTF8View) -> String? {
        guard segment.contains(UInt8(ascii: "%")) else { return String(Substring(segment)) }
        guard let bytes = PercentEncoding.decode(segment, plusIsBlank: false),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The other way: `%20` is a blank.
extension PercentEncoding {
    /// Whether two hexadecimal digits follow on every `%`.
    static func isWhole(_ text: Span<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            defer { index += 1 }
            guard text[index] == UInt8(ascii: "%") else { continue }
            guard index + 2 < text.count, value(of: text[index + 1]) != nil, value(of: text[index + 2]) != nil else {
                return false
            }
        }
        return true
    }

    /// Nil where a `%` is not followed by two hexadecimal digits.
    static func decode(_ text: some Collection<UInt8>, plusIsBlank: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index != text.endIndex {
            let byte = text[index]
            text.formIndex(after: &index)
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = digit(text, &index), let low = digit(text, &index) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static func digit<Text: Collection<UInt8>>(_ text: Text, _ index: inout Text.Index) -> UInt8? {
        guard index != text.endIndex else { return nil }
        defer { text.formIndex(after: &index) }
        return value(of: text[index])
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case let byte where (48...57).contains(byte): return byte - 48
        case let byte where (65...70).contains(byte): return byte - 55
        case let byte where (97...102).contains(byte): return byte - 87
        default: return nil
        }
    }
}
