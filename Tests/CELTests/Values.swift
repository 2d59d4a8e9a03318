import CEL
import JSON

extension Value {
    /// As it stands in the conformance data: `{"t": "int64", "v": "1"}`; nil for a message. Times and spans of time,
    /// which that data does not have, are told in microseconds.
    init?(conformance json: JSON) {
        let (type, value) = (json["t"]?.string, json["v"])
        switch type {
        case "null": self = .null
        case "type":
            guard let name = value?.string.flatMap(TypeName.init(rawValue:)) else { return nil }
            self = .type(name)
        case "list":
            guard let items = value?.array else { return nil }
            let values = items.compactMap { Value(conformance: $0) }
            guard values.count == items.count else { return nil }
            self = .list(of: values)
        case "map":
            guard let items = value?.array else { return nil }
            let entries = items.compactMap { item -> (key: Value, value: Value)? in
                guard let key = item[0].flatMap({ Value(conformance: $0) }),
                    let value = item[1].flatMap({ Value(conformance: $0) })
                else { return nil }
                return (key, value)
            }
            guard entries.count == items.count, let map = Map(entries) else { return nil }
            self = .map(map)
        case "object":
            guard let duration = value?.string.flatMap(Value.durationOfMessage) else { return nil }
            self = duration
        default:
            guard let scalar = Value.scalar(type, value) else { return nil }
            self = scalar
        }
    }

    private static func scalar(_ type: String?, _ value: JSON?) -> Value? {
        switch type {
        case "bool": value?.bool.map(Value.bool)
        case "int64": value?.string.flatMap { Int64($0) }.map(Value.int)
        case "uint64": value?.string.flatMap { UInt64($0) }.map(Value.uint)
        case "double": value?.string.flatMap { Double($0) }.map(Value.double)
        case "string": value?.string.map(Value.string)
        case "bytes": value?.string.flatMap(octets(ofHexadecimal:)).map(Value.bytes)
        case "duration": value?.string.flatMap { Int64($0) }.map { .duration($0 * 1000) }
        case "timestamp": value?.string.flatMap { Int64($0) }.map(instant(ofMicroseconds:))
        default: nil
        }
    }

    private static func instant(ofMicroseconds microseconds: Int64) -> Value {
        let seconds = microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
        let rest = microseconds - seconds * 1_000_000
        return .timestamp(Timestamp(seconds: seconds, nanoseconds: Int32(rest * 1000)))
    }

    private static func octets(ofHexadecimal text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    /// The one message that is a value of ours.
    private static func durationOfMessage(_ text: String) -> Value? {
        guard text.contains("google.protobuf.Duration]") else { return nil }
        let numbers = text.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 2 else { return nil }
        return .duration(numbers[0] * nanosecondsPerSecond + numbers[1])
    }

    /// What it is declared as, where it is bound.
    var declaredType: ValueType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .list: .list(.dyn)
        case .map: .map(.dyn, .dyn)
        }
    }

    /// The same value of the same type: in a test 1 is not 1.0, and what is no number is itself.
    func isSame(as other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.uint(let left), .uint(let right)): left == right
        case (.double(let left), .double(let right)):
            left.isNaN && right.isNaN || left == right && left.sign == right.sign
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.type(let left), .type(let right)): left == right
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left.values, right.values).allSatisfy { $0.isSame(as: $1) }
        case (.map(let left), .map(let right)):
            left.count == right.count
                && left.keys.allSatisfy { key in
                    guard let one = left.value(of: key), let other = right.value(of: key) else { return false }
                    return right.keys.contains { $0.isSame(as: key) } && one.isSame(as: other)
                }
        default: false
        }
    }
}
