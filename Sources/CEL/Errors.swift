/// Why a text is no program.
package struct ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// From 1, in code points.
    package let column: Int
    package let message: String
    /// What to do about it, where that can be told.
    package let hint: String?

    package var description: String { "\(line):\(column): \(message)" }
}

/// Why a program came to no value. A program can tell before that it may happen, and `&&`, `||` and `? :` do without
/// a value that they do not need.
package struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Reason: Error, Hashable, Sendable {
        /// A variable that has no value this time.
        case absent(String)
        case noSuchKey(String)
        case indexOutOfRange(String)
        /// An operator or a function, and the types that it was given.
        case noOverload(String, [Value.TypeName])
        case overflow(String)
        case divisionByZero
        case duplicateKey
        /// What a function cannot work with, as a sentence.
        case invalid(String)
        /// The steps that were allowed. Nothing does without this one.
        case costExceeded(Int)
    }

    package let reason: Reason
    /// From 1.
    package let line: Int
    /// From 1, in code points.
    package let column: Int

    var isLimit: Bool {
        if case .costExceeded = reason { true } else { false }
    }

    package var description: String { "\(line):\(column): \(reason)" }
}

extension EvaluationError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .absent(let name): "'\(name)' has no value"
        case .noSuchKey(let key): "there is no key \(key)"
        case .indexOutOfRange(let index): "there is no element \(index)"
        case .noOverload(let name, let types):
            "'\(name)' does not take \(types.map(\.rawValue).joined(separator: " and "))"
        case .overflow(let name): "the result of '\(name)' is out of range"
        case .divisionByZero: "division by zero"
        case .duplicateKey: "a map with two equal keys, or one that cannot be a key"
        case .invalid(let message): message
        case .costExceeded(let limit): "more than \(limit) steps"
        }
    }
}

/// A place in a source.
struct Position: Hashable, Sendable {
    /// Both from 1.
    var line: Int32
    var column: Int32

    /// - Parameter offset: in bytes.
    init(of offset: Int, in source: [UInt8]) {
        (line, column) = (1, 1)
        for byte in source.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
    }
}
