/// How two values stand to each other; nothing of it, for a number that is none.
enum Order {
    case less, equal, greater, unordered

    init<Number: Comparable>(_ left: Number, _ right: Number) {
        self = left == right ? .equal : left < right ? .less : left > right ? .greater : .unordered
    }
}

extension Value {
    /// Nil when there is no order between values of these types.
    func order(against other: Value) -> Order? {
        switch (self, other) {
        case (.int(let left), .int(let right)): Order(left, right)
        case (.duration(let left), .duration(let right)): Order(left, right)
        case (.timestamp(let left), .timestamp(let right)): Order(left, right)
        case (.uint(let left), .uint(let right)): Order(left, right)
        case (.double(let left), .double(let right)): Order(left, right)
        // A whole number beside a real one is taken for the nearest real one.
        case (.int(let left), .double(let right)): Order(Double(left), right)
        case (.double(let left), .int(let right)): Order(left, Double(right))
        case (.uint(let left), .double(let right)): Order(Double(left), right)
        case (.double(let left), .uint(let right)): Order(left, Double(right))
        case (.int(let left), .uint(let right)): left < 0 ? .less : Order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? .greater : Order(left, UInt64(right))
        case (.bool(let left), .bool(let right)): Order(left ? 1 : 0, right ? 1 : 0)
        case (.string(let left), .string(let right)):
            left.hasSameBytes(as: right) ? .equal : left.precedes(right) ? .less : .greater
        case (.bytes(let left), .bytes(let right)):
            left == right ? .equal : left.lexicographicallyPrecedes(right) ? .less : .greater
        default: nil
        }
    }

    /// What it costs to copy it, or to look at all of it, beside one step.
    var length: Int {
        switch self {
        case .string(let text): text.utf8.count / 16
        case .bytes(let bytes): bytes.count / 16
        case .list(let list): list.count
        case .map(let map): map.count
        default: 0
        }
    }

    /// For messages.
    var sketch: String {
        switch self {
        case .string(let text): "'\(text.debugged)'"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)u"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        default: "that is a \(typeName.rawValue)"
        }
    }

    // MARK: - Arithmetic

    func combined(_ operation: Operation, _ other: Value) throws(EvaluationError.Reason) -> Value {
        switch (self, other) {
        case (.int(let left), .int(let right)): return .int(try left.combined(operation, right))
        case (.uint(let left), .uint(let right)): return .uint(try left.combined(operation, right))
        case (.double(let left), .double(let right)):
            if let result = left.combined(operation, right) { return .double(result) }
        case (.string(let left), .string(let right)) where operation == .add: return .string(left + right)
        case (.bytes(let left), .bytes(let right)) where operation == .add: return .bytes(left + right)
        case (.list(let left), .list(let right)) where operation == .add:
            return .list(of: left.values + right.values)
        default:
            if let result = try shifted(operation, other) { return result }
        }
        throw .noOverload(operation.rawValue, [typeName, other.typeName])
    }

    /// Times and spans of time; nil when it is nothing of that.
    private func shifted(_ operation: Operation, _ other: Value) throws(EvaluationError.Reason) -> Value? {
        let result: Value?
        switch (self, operation, other) {
        case (.timestamp(let time), .add, .duration(let span)), (.duration(let span), .add, .timestamp(let time)):
            result = time.adding(nanoseconds: span).map(Value.timestamp)
        case (.timestamp(let time), .subtract, .duration(let span)):
            // The longest span to the past has no counterpart.
            result = span == .min ? nil : time.adding(nanoseconds: -span).map(Value.timestamp)
        case (.timestamp(let time), .subtract, .timestamp(let start)): result = time.since(start).map(Value.duration)
        case (.duration(let left), .add, .duration(let right)): result = .duration(try left.combined(.add, right))
        case (.duration(let left), .subtract, .duration(let right)):
            result = .duration(try left.combined(.subtract, right))
        default: return nil
        }
        guard let result else { throw .overflow(operation.rawValue) }
        return result
    }
}

extension FixedWidthInteger {
    fileprivate func combined(_ operation: Operation, _ other: Self) throws(EvaluationError.Reason) -> Self {
        let result: (partialValue: Self, overflow: Bool)
        switch operation {
        case .add: result = addingReportingOverflow(other)
        case .subtract: result = subtractingReportingOverflow(other)
        case .multiply: result = multipliedReportingOverflow(by: other)
        case .divide, .remainder:
            guard other != 0 else { throw .divisionByZero }
            result =
                operation == .divide
                ? dividedReportingOverflow(by: other) : remainderReportingOverflow(dividingBy: other)
        default: throw .noOverload(operation.rawValue, [])
        }
        guard !result.overflow else { throw .overflow(operation.rawValue) }
        return result.partialValue
    }
}

extension Double {
    // `exactly:` would ask the C library's mathematics, which a program need not be linked with.

    /// Nil when it is no int.
    var wholeInt: Int64? {
        guard self >= -0x1p63, self < 0x1p63 else { return nil }
        let whole = Int64(self)
        return Double(whole) == self ? whole : nil
    }

    /// Nil when it is no uint.
    var wholeUInt: UInt64? {
        guard self >= 0, self < 0x1p64 else { return nil }
        let whole = UInt64(self)
        return Double(whole) == self ? whole : nil
    }

    /// Nil for what doubles do not have.
    fileprivate func combined(_ operation: Operation, _ other: Double) -> Double? {
        switch operation {
        case .add: self + other
        case .subtract: self - other
        case .multiply: self * other
        case .divide: self / other
        default: nil
        }
    }
}
