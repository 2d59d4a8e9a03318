/// What is known of a value before it is there.
package indirect enum ValueType: Hashable, Sendable {
    case null, bool, int, uint, double, string, bytes, timestamp, duration, type
    case list(ValueType)
    case map(ValueType, ValueType)
    /// Known only when it is there.
    case dyn
}

extension ValueType {
    /// Whether there are values of both.
    func isCompatible(with other: ValueType) -> Bool {
        switch (self, other) {
        case (.dyn, _), (_, .dyn): true
        case (.list(let left), .list(let right)): left.isCompatible(with: right)
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            leftKey.isCompatible(with: rightKey) && left.isCompatible(with: right)
        default: self == other
        }
    }

    /// A type for values of both.
    func joined(with other: ValueType) -> ValueType {
        switch (self, other) {
        case (.list(let left), .list(let right)): .list(left.joined(with: right))
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            .map(leftKey.joined(with: rightKey), left.joined(with: right))
        default: self == other ? self : .dyn
        }
    }

    static func joining(_ types: [ValueType]) -> ValueType {
        types.dropFirst().reduce(types.first ?? .dyn) { $0.joined(with: $1) }
    }

    var isNumber: Bool { self == .int || self == .uint || self == .double || self == .dyn }

    /// Whether values of it have an order.
    var isOrdered: Bool {
        switch self {
        case .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .dyn: true
        case .null, .type, .list, .map: false
        }
    }

    var canBeKey: Bool {
        switch self {
        case .bool, .int, .uint, .string, .dyn: true
        default: false
        }
    }

    /// Compared, two of these are the same or not; of others, that is known before.
    func canEqual(_ other: ValueType) -> Bool {
        if isCompatible(with: other) || isNumber && other.isNumber { return true }
        // What may be missing is told by null.
        let (one, another) = self == .null ? (other, self) : (self, other)
        return another == .null && (one == .timestamp || one == .duration)
    }
}

extension ValueType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .type: "type"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .dyn: "dyn"
        }
    }
}
