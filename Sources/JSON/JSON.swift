/// A JSON value (RFC 8259) that is written back as it was read: members keep their order, and numbers their
/// spelling, so that what we do not understand in somebody else's document survives us.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    /// The number as it is spelled, such as `1.0` or `12345678901234567890`. To make one, see
    /// ``integer(_:)``.
    case number(String)
    case string(String)
    case array([JSON])
    case object(Object)

    /// A whole number.
    package static func integer(_ value: some BinaryInteger) -> JSON {
        .number(String(value))
    }

    /// A number with a fraction; one that JSON cannot spell (infinite, not a number) becomes null.
    package static func real(_ value: Double) -> JSON {
        value.isFinite ? .number(value.description) : .null
    }
}

/// What a value holds, and nil when it holds something else.
extension JSON {
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number when it is spelled as a whole one (`7`, not `7.0`) and fits.
    package var integer: Int64? {
        if case .number(let spelling) = self { Int64(spelling) } else { nil }
    }

    /// The nearest double of the number; infinite when it is too large for one.
    package var real: Double? {
        if case .number(let spelling) = self { Double(spelling) } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var object: Object? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The member of an object; nil when there is none, or this is no object.
    package subscript(key: String) -> JSON? {
        object?[key]
    }

    /// The element of an array; nil when there is none, or this is no array.
    package subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

/// Two values are equal when they are spelled alike: `1.0` is not `1`, the order of members counts, and texts
/// are compared by their bytes (Swift's own `==` takes `é` and `e` with an accent for one).
extension JSON: Hashable {
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension String {
    /// Whether both are the same bytes of UTF-8.
    func hasSameBytes(as other: String) -> Bool {
        // `==` is quick, and true whenever the bytes agree; only its yes needs a second look.
        self == other && utf8.elementsEqual(other.utf8)
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// Of two members with one key, the later counts, in the place of the first.
    package init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(Object(members))
    }
}
