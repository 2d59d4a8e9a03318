import CSQLite
import Glibc

/// Places for texts that come again and again in a column: a few hundred owners over a million rows. A text that has
/// its place is found there in one look at its bytes, and nothing is made of it.
///
/// Used by one thread at a time.
package final class RecurringTexts {
    private var texts: [String]

    /// - parameter places: how many texts are remembered at the most; a later one with the same place replaces an
    ///   earlier one.
    package init(places: Int) {
        texts = Array(repeating: "", count: places)
    }

    package subscript(place: Int) -> String { texts[place] }

    /// The place of the text that a column holds, and whether it was not there yet. A place begins with the empty text.
    package func place(of row: borrowing Row, _ column: Int) -> (place: Int, isNew: Bool) {
        guard let start = sqlite3_column_text(row.handle, Int32(column)) else { return (0, remember("", at: 0)) }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(row.handle, Int32(column))))
        var hash: UInt = 0
        // Any number will do that equal texts have in common: the bytes decide. This one is quick (FNV).
        for byte in bytes { hash = (hash ^ UInt(byte)) &* 0x100_0000_01B3 }
        let place = Int(hash % UInt(texts.count))
        let isKnown = texts[place].utf8.span.withUnsafeBufferPointer { known in
            guard known.count == bytes.count, let first = known.baseAddress else { return known.count == bytes.count }
            return memcmp(first, start, bytes.count) == 0
        }
        return isKnown ? (place, false) : (place, remember(String(decoding: bytes, as: UTF8.self), at: place))
    }

    private func remember(_ text: String, at place: Int) -> Bool {
        guard texts[place] != text else { return false }
        texts[place] = text
        return true
    }
}
