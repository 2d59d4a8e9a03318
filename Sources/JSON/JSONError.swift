/// Why a text is not the JSON that was asked for, and where.
///
/// It shows at most one character of the text, or a
/// key, so that a secret inside the document does not get into a log.
package struct JSONError: Error, Hashable, Sendable {
    /// The line, from 1.
    package let line: Int
    /// The character in the line, from 1.
    package let column: Int
    /// What is wrong, and what was expected.
    package let message: String
}

extension JSONError: CustomStringConvertible {
    package var description: String { "\(line):\(column): \(message)" }
}

extension JSONError {
    /// Finds line and column of an offset.
    init(_ message: String, at offset: Int, in bytes: [UInt8]) {
        var line = 1
        var column = 1
        for byte in bytes[..<min(offset, bytes.count)] {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column, message: message)
    }
}
