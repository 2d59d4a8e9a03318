/// A value of the Common Expression Language.
package enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list(List)
    case map(Map)
    case timestamp(Timestamp)
    /// In nanoseconds: some 292 years to either side.
    case duration(Int64)
    case type(TypeName)
}

extension Value {
    /// The name of what a value is, as `type()` tells it.
    package enum TypeName: String, Sendable, CaseIterable {
        case null = "null_type"
        case bool, int, uint, double, string, bytes, list, map
        case timestamp = "google.protobuf.Timestamp"
        case duration = "google.protobuf.Duration"
        case type
    }

    package var typeName: TypeName {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        }
    }

    package static let nanosecondsPerSecond: Int64 = 1_000_000_000

    /// A duration of whole seconds; beyond the 292 years that can be told, the longest one.
    package static func span(seconds: Int64) -> Value {
        let (product, isTooLong) = seconds.multipliedReportingOverflow(by: nanosecondsPerSecond)
        guard isTooLong else { return .duration(product) }
        return .duration(seconds < 0 ? .min : .max)
    }

    package static func instant(seconds: Int64) -> Value {
        .timestamp(Timestamp(seconds: seconds))
    }

    package static func list(of texts: [String]) -> Value { .list(List(texts)) }
    package static func list(of values: [Value]) -> Value { .list(List(values)) }
    package static func map(of texts: [String: String]) -> Value { .map(Map(texts)) }
}

/// A point in time, in UTC and without leap seconds.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Since 1970-01-01T00:00:00Z.
    package let seconds: Int64
    /// 0 to 999,999,999, towards the future.
    package let nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The years 1 to 9999: outside of them there are no timestamps.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Nil outside of the years 1 to 9999.
    func adding(nanoseconds span: Int64) -> Timestamp? {
        let (whole, rest) = span.quotientAndRemainder(dividingBy: Value.nanosecondsPerSecond)
        let (shifted, isOverflow) = seconds.addingReportingOverflow(whole)
        var sum = shifted
        var fraction = Int64(nanoseconds) + rest
        if fraction < 0 { (sum, fraction) = (sum &- 1, fraction + Value.nanosecondsPerSecond) }
        if fraction >= Value.nanosecondsPerSecond {
            (sum, fraction) = (sum &+ 1, fraction - Value.nanosecondsPerSecond)
        }
        guard !isOverflow, Self.range.contains(sum) else { return nil }
        return Timestamp(seconds: sum, nanoseconds: Int32(fraction))
    }

    /// Nanoseconds from `other` to this one; nil beyond 292 years.
    func since(_ other: Timestamp) -> Int64? {
        let (whole, isTooFar) = seconds.subtractingReportingOverflow(other.seconds)
        let (scaled, isTooLong) = whole.multipliedReportingOverflow(by: Value.nanosecondsPerSecond)
        let (sum, isOver) = scaled.addingReportingOverflow(Int64(nanoseconds) - Int64(other.nanoseconds))
        return isTooFar || isTooLong || isOver ? nil : sum
    }
}

extension String {
    /// Equal code point by code point: Swift's own `==` takes `é` and `e` with an accent for one.
    func hasSameBytes(as other: String) -> Bool {
        let left = utf8.span
        let right = other.utf8.span
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    /// The order of code points, which is that of the bytes of UTF-8.
    func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
