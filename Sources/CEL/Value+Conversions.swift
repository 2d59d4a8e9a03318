extension Value {
    /// A function of one argument.
    func applied(_ function: Function) throws(EvaluationError.Reason) -> Value {
        switch (function, self) {
        case (.size, .string(let text)): return .int(Int64(text.unicodeScalars.count))
        case (.size, .bytes(let bytes)): return .int(Int64(bytes.count))
        case (.size, .list(let list)): return .int(Int64(list.count))
        case (.size, .map(let map)): return .int(Int64(map.count))
        case (.dyn, _): return self
        case (.type, _): return .type(typeName)
        case (.int, _), (.uint, _), (.double, _), (.string, _), (.bytes, _), (.bool, _), (.timestamp, _),
            (.duration, _):
            return try converted(by: function)
        case (_, .timestamp(let timestamp)):
            guard let field = timestamp.field(function, offset: { _ in 0 }) else { break }
            return .int(field)
        case (_, .duration(let span)):
            guard let field = Self.field(function, of: span) else { break }
            return .int(field)
        default: break
        }
        throw .noOverload("\(function)", [typeName])
    }

    private static func field(_ function: Function, of span: Int64) -> Int64? {
        switch function {
        case .hours: span / (3600 * nanosecondsPerSecond)
        case .minutes: span / (60 * nanosecondsPerSecond)
        case .seconds: span / nanosecondsPerSecond
        case .milliseconds: span % nanosecondsPerSecond / 1_000_000
        default: nil
        }
    }

    /// The conversion functions, each of which is called as the type that it makes.
    func converted(by function: Function) throws(EvaluationError.Reason) -> Value {
        let result: Value? =
            switch function {
            case .int: try toInt().map(Value.int)
            case .uint: try toUInt().map(Value.uint)
            case .double: try toDouble().map(Value.double)
            case .string: try toText().map(Value.string)
            case .bytes: toBytes().map(Value.bytes)
            case .bool: try toBool().map(Value.bool)
            case .timestamp: try toTimestamp().map(Value.timestamp)
            case .duration: try toDuration().map(Value.duration)
            default: nil
            }
        guard let result else { throw .noOverload("\(function)", [typeName]) }
        return result
    }

    // Each is nil for a value of a type that it does not take.

    private func toInt() throws(EvaluationError.Reason) -> Int64? {
        switch self {
        case .int(let value): return value
        case .uint(let value):
            guard let value = Int64(exactly: value) else { throw .overflow("int") }
            return value
        case .double(let value):
            // The outermost values are no ints for certain: doubles are that coarse there.
            guard value > -0x1p63, value < 0x1p63 else { throw .overflow("int") }
            return Int64(value)
        case .string(let text):
            guard let value = Int64(text) else { throw invalid(text, "int") }
            return value
        case .timestamp(let time): return time.seconds
        default: return nil
        }
    }

    private func toUInt() throws(EvaluationError.Reason) -> UInt64? {
        switch self {
        case .uint(let value): return value
        case .int(let value):
            guard let value = UInt64(exactly: value) else { throw .overflow("uint") }
            return value
        case .double(let value):
            guard value >= 0, value < 0x1p64 else { throw .overflow("uint") }
            return UInt64(value)
        case .string(let text):
            guard let value = UInt64(text) else { throw invalid(text, "uint") }
            return value
        default: return nil
        }
    }

    private func toDouble() throws(EvaluationError.Reason) -> Double? {
        switch self {
        case .double(let value): return value
        case .int(let value): return Double(value)
        case .uint(let value): return Double(value)
        case .string(let text):
            let allowed = text.utf8.allSatisfy { $0.isDigit || "+-.eE".utf8.contains($0) }
            let names = ["nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"]
            guard allowed || names.contains(text.lowercased()), let value = Double(text) else {
                throw invalid(text, "double")
            }
            return value
        default: return nil
        }
    }

    private func toText() throws(EvaluationError.Reason) -> String? {
        switch self {
        case .string(let text): return text
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        case .double(let value): return value.text
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalid("the bytes are no UTF-8") }
            return text
        case .timestamp(let time): return time.text
        case .duration(let span): return Self.text(ofDuration: span)
        default: return nil
        }
    }

    private func toBytes() -> [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .string(let text): Array(text.utf8)
        default: nil
        }
    }

    private func toBool() throws(EvaluationError.Reason) -> Bool? {
        switch self {
        case .bool(let value): return value
        case .string(let text):
            if ["1", "t", "true", "TRUE", "True"].contains(text) { return true }
            if ["0", "f", "false", "FALSE", "False"].contains(text) { return false }
            throw invalid(text, "bool")
        default: return nil
        }
    }

    private func toTimestamp() throws(EvaluationError.Reason) -> Timestamp? {
        switch self {
        case .timestamp(let time): return time
        case .int(let seconds):
            guard Timestamp.range.contains(seconds) else { throw .overflow("timestamp") }
            return Timestamp(seconds: seconds)
        case .string(let text):
            guard let time = Timestamp(text) else { throw invalid(text, "timestamp") }
            return time
        default: return nil
        }
    }

    private func toDuration() throws(EvaluationError.Reason) -> Int64? {
        switch self {
        case .duration(let span): return span
        case .string(let text):
            guard let span = Self.nanoseconds(from: text) else { throw invalid(text, "duration") }
            return span
        default: return nil
        }
    }

    private func invalid(_ text: String, _ name: String) -> EvaluationError.Reason {
        .invalid("'\(String(text.prefix(60)).debugged)' is no \(name)")
    }
}

extension Double {
    /// The fewest digits that read back as the same, as C writes them: `1`, `0.5`, `1.5e+06`, `nan`, `-inf`.
    fileprivate var text: String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        guard self != 0 else { return sign == .minus ? "-0" : "0" }
        // Swift's own spelling has the right digits; where the dot goes is another matter.
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        var digits = mantissa.joined()
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].utf8.count - 1
        while digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") { digits.removeLast() }
        let sign = self < 0 ? "-" : ""
        guard (-4..<6).contains(exponent) else {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
            return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        guard exponent >= 0 else { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let whole = digits.prefix(exponent + 1) + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = digits.dropFirst(exponent + 1)
        return sign + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
