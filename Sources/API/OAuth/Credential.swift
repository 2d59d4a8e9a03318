import Crypto
import HTTPServer
import RotaCore

/// What a request authenticates with.
enum Credential {
    case none
    /// What `Bearer VALUE` is looked up by, or the password of `Basic`, whose user name says nothing; nil for a typo.
    case value(Digest?, isBasic: Bool)
    /// A `Bearer` that cannot be read.
    case unreadable
    /// An Authorization of another scheme, or a `Basic` without a password that could be one.
    case unusable

    /// More than any value has.
    static let longestValue = 4096

    init(_ headers: Headers) {
        self = headers.withValue(of: "authorization") { Self.read($0) } ?? .none
    }

    private static func read(_ text: Span<UInt8>) -> Credential {
        let blank = UInt8(ascii: " ")
        var end = 0
        while end < text.count, text[end] != blank { end += 1 }
        var start = end
        while start < text.count, text[start] == blank { start += 1 }
        let isBearer = text.extracting(0..<end).holds("bearer", ignoringCase: true)
        let rest = text.extracting(start..<text.count)
        guard !rest.isEmpty, rest.count <= longestValue else { return isBearer ? .unreadable : .unusable }
        if isBearer {
            // One word: a value holds no blank.
            for index in rest.indices where !(0x21...0x7E).contains(rest[index]) { return .unreadable }
            return .value(TokenValue.digestUnlessMistyped(rest), isBasic: false)
        }
        guard text.extracting(0..<end).holds("basic", ignoringCase: true) else { return .unusable }
        return password(of: Secret(copying: rest)) ?? .unusable
    }

    /// What stands after the first colon (RFC 7617); nil where there is none, or nothing after it.
    private static func password(of encoded: Secret) -> Credential? {
        guard let pair = Base64.standard.decode(encoded) else { return nil }
        return pair.withSpan { pair in
            guard let colon = pair.indices.first(where: { pair[$0] == UInt8(ascii: ":") }), colon + 1 < pair.count
            else { return nil }
            return .value(TokenValue.digestUnlessMistyped(pair.extracting(colon + 1..<pair.count)), isBasic: true)
        }
    }
}
