import CSQLite
import Glibc

/// Places for texts that come again and again in a column: a few hundred owners over a million rows. A text that has
/// its place is found there in one look at its bytes, and nothing is made of it.
package struct RecurringTexts: ~Copyable {
    private var texts: [String]

    /// - parameter places: how many texts are remembered at the most, a power of two; a later one with the same place
    ///   replaces an earlier one.
    package init(places: Int) {
        precondition(places.nonzeroBitCount == 1, "the number of places is not a power of two")
        texts = Array(repeating: "", count: places)
    }

    package subscript(place: Int) -> String { texts[place] }

    /// The place of the text that a column holds, and whether it was not there yet. A place begins with the empty text.
    package mutating func place(of row: borrowing Row, _ column: Int) -> (place: Int, isNew: Bool) {
        let bytes = row.bytes(column)
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return (0, remember("", at: 0)) }
        // The upper bits, which depend on all of them.
        let place = Int(Self.mixed(UnsafeRawBufferPointer(bytes)) >> (64 - texts.count.trailingZeroBitCount))
        let isKnown = texts[place].utf8.span.withUnsafeBufferPointer { known in
            guard known.count == bytes.count, let first = known.baseAddress else { return false }
            return memcmp(first, start, bytes.count) == 0
        }
        return isKnown ? (place, false) : (place, remember(String(decoding: bytes, as: UTF8.self), at: place))
    }

    /// Any number will do that equal texts have in common: the bytes decide. So only the length, the first eight bytes
    /// and the last eight are looked at, which is where the texts of one column differ.
    private static func mixed(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var first: UInt64 = 0
        var last: UInt64 = 0
        if bytes.count >= 8 {
            first = bytes.loadUnaligned(as: UInt64.self)
            last = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        } else {
            for byte in bytes { first = first << 8 | UInt64(byte) }
        }
        let mixed = (first ^ UInt64(bytes.count)) &* 0x9E37_79B9_7F4A_7C15
        return (mixed ^ mixed >> 32 ^ last) &* 0x9E37_79B9_7F4A_7C15
    }

    private mutating func remember(_ text: String, at place: Int) -> Bool {
        guard texts[place] != text else { return false }
        texts[place] = text
        return true
    }
}
