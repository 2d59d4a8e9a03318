/// What can be called by name.
enum Function: UInt8, Sendable {
    case size, contains, startsWith, endsWith, matches
    case fullYear, month, dayOfMonth, date, dayOfWeek, dayOfYear, hours, minutes, seconds, milliseconds
    case int, uint, double, string, bytes, bool, timestamp, duration, dyn, type
}

/// One way to call a function.
struct Overload {
    let name: String
    let function: Function
    /// Written behind its first argument, with a dot.
    let isMember: Bool
    let parameters: [ValueType]
    let result: ValueType

    var description: String {
        let texts = parameters.map(\.description)
        guard isMember else { return "\(name)(\(texts.joined(separator: ", ")))" }
        return "\(texts[0]).\(name)(\(texts.dropFirst().joined(separator: ", ")))"
    }
}

extension Overload {
    static let all: [Overload] = sizes + texts + conversions + clocks

    static let named: [String: [Overload]] = Dictionary(grouping: all) { $0.name }

    private static let anyList = ValueType.list(.dyn)
    private static let anyMap = ValueType.map(.dyn, .dyn)

    private static let sizes = [false, true].flatMap { isMember in
        [ValueType.string, .bytes, anyList, anyMap].map {
            Overload(name: "size", function: .size, isMember: isMember, parameters: [$0], result: .int)
        }
    }

    private static let texts =
        [("contains", Function.contains), ("startsWith", .startsWith), ("endsWith", .endsWith), ("matches", .matches)]
        .map { name, function in
            Overload(
                name: name, function: function, isMember: true, parameters: [.string, .string], result: .bool)
        } + [
            Overload(
                name: "matches", function: .matches, isMember: false, parameters: [.string, .string], result: .bool)
        ]

    private static let conversions: [Overload] = {
        let sources: [(String, Function, [ValueType], ValueType)] = [
            ("int", .int, [.int, .uint, .double, .string, .timestamp], .int),
            ("uint", .uint, [.uint, .int, .double, .string], .uint),
            ("double", .double, [.double, .int, .uint, .string], .double),
            (
                "string", .string, [.string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration],
                .string
            ),
            ("bytes", .bytes, [.bytes, .string], .bytes),
            ("bool", .bool, [.bool, .string], .bool),
            ("timestamp", .timestamp, [.timestamp, .string, .int], .timestamp),
            ("duration", .duration, [.duration, .string], .duration),
            ("dyn", .dyn, [.dyn], .dyn),
            ("type", .type, [.dyn], .type),
        ]
        return sources.flatMap { name, function, types, result in
            types.map {
                Overload(name: name, function: function, isMember: false, parameters: [$0], result: result)
            }
        }
    }()

    private static let clocks: [Overload] = {
        let calendar: [(String, Function)] = [
            ("getFullYear", .fullYear), ("getMonth", .month), ("getDayOfMonth", .dayOfMonth), ("getDate", .date),
            ("getDayOfWeek", .dayOfWeek), ("getDayOfYear", .dayOfYear),
        ]
        let clock: [(String, Function)] = [
            ("getHours", .hours), ("getMinutes", .minutes), ("getSeconds", .seconds),
            ("getMilliseconds", .milliseconds),
        ]
        let ofTimestamps = (calendar + clock).flatMap { name, function in
            [[ValueType.timestamp], [.timestamp, .string]].map {
                Overload(name: name, function: function, isMember: true, parameters: $0, result: .int)
            }
        }
        return ofTimestamps
            + clock.map { name, function in
                Overload(name: name, function: function, isMember: true, parameters: [.duration], result: .int)
            }
    }()
}
