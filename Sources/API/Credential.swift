import Crypto
import HTTPServer

/// What a request authenticates with.
enum Credential {
    case none
    /// `Bearer VALUE`, or the password of `Basic`, whose user name says nothing.
    case value(Secret, isBasic: Bool)
    /// An Authorization of another kind, or one that cannot be read.
    case unreadable

    /// More than any value has.
    static let longestValue = 4096

    init(_ headers: Headers) {
        self = headers.withValue(of: "authorization") { Self.read($0) } ?? .none
    }

    private static func read(_ text: Span<UInt8>) -> Credential {
        let blank = UInt8(ascii: " ")
        guard let end = text.indices.first(where: { text[$0] == blank }),
            let start = (end..<text.count).first(where: { text[$0] != blank })
        else { return .unreadable }
        let rest = text.extracting(start..<text.count)
        guard rest.count <= longestValue else { return .unreadable }
        if isWord(text.extracting(0..<end), "bearer") {
            // One word: a value holds no blank.
            guard rest.indices.allSatisfy({ (0x21...0x7E).contains(rest[$0]) }) else { return .unreadable }
            return .value(Secret(copying: rest), isBasic: false)
        }
        guard isWord(text.extracting(0..<end), "basic") else { return .unreadable }
        return password(of: Secret(copying: rest)).map { .value($0, isBasic: true) } ?? .unreadable
    }

    /// What stands after the first colon (RFC 7617); nil where there is none, or nothing after it.
    private static func password(of encoded: Secret) -> Secret? {
        guard let pair = Base64.standard.decode(encoded) else { return nil }
        return pair.withSpan { pair in
            guard let colon = pair.indices.first(where: { pair[$0] == UInt8(ascii: ":") }), colon + 1 < pair.count
            else { return nil }
            return Secret(copying: pair.extracting(colon + 1..<pair.count))
        }
    }

    /// Schemes differ by nothing but letter case.
    private static func isWord(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        return zip(text.indices, word.description.utf8).allSatisfy { text[$0] | 0x20 == $1 }
    }
}
