/// A scalar as written, and how the YAML 1.2 core schema reads it.
package struct Scalar: Sendable, Hashable {
    package let text: String
    /// False for quoted and block scalars and for those tagged as strings: they are always strings.
    package let isPlain: Bool

    /// The reading of a scalar; an integer that fits no `Int` has the value nil.
    package enum CoreType: Sendable, Hashable {
        case null
        case boolean(Bool)
        case integer(Int?)
        case number(Double)
        case string

        var name: String {
            switch self {
            case .null: "nothing"
            case .boolean: "a boolean"
            case .integer: "an integer"
            case .number: "a number"
            case .string: "a string"
            }
        }
    }

    /// The reading by the core schema: the text decides for plain scalars, all others are strings.
    package var type: CoreType {
        guard isPlain else { return .string }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default: return integerType ?? numberType ?? .string
        }
    }

    private var integerType: CoreType? {
        if text.hasPrefix("0x") { return integerType(after: 2, radix: 16) }
        if text.hasPrefix("0o") { return integerType(after: 2, radix: 8) }
        return integerType(after: text.hasPrefix("-") || text.hasPrefix("+") ? 1 : 0, radix: 10)
    }

    private func integerType(after prefix: Int, radix: Int) -> CoreType? {
        let digits = text.utf8.dropFirst(prefix)
        guard !digits.isEmpty, digits.allSatisfy({ Self.isDigit($0, radix: radix) }) else { return nil }
        let value = radix == 10 ? Int(text) : Int(text.dropFirst(prefix), radix: radix)
        return .integer(value)
    }

    private static func isDigit(_ byte: UInt8, radix: Int) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) < radix
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): radix == 16
        default: false
        }
    }

    /// Decimal numbers only: Swift's own parser would also take `inf`, `nan` and hexadecimal floats.
    private var numberType: CoreType? {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        default: break
        }
        guard text.utf8.contains(where: { Self.isDigit($0, radix: 10) }),
            text.utf8.allSatisfy({ Self.isDigit($0, radix: 10) || "+-.eE".utf8.contains($0) })
        else { return nil }
        return Double(text).map(CoreType.number)
    }
}
