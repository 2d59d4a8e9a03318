/// 128 bits that stand for some texts in a large set, where the texts themselves would take ten times as much.
///
/// Two that differ look alike about once in 10^38 times.
struct Imprint: Hashable, Comparable, Sendable {
    private let first: UInt64
    private let second: UInt64

    init(_ texts: String...) {
        first = Self.hash(texts, 1)
        second = Self.hash(texts, 2)
    }

    static func < (one: Imprint, other: Imprint) -> Bool { (one.first, one.second) < (other.first, other.second) }

    private static func hash(_ texts: [String], _ salt: UInt8) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(salt)
        for text in texts { hasher.combine(text) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
