extension Compiler {
    mutating func binary(
        _ operation: Operation, _ left: Operand, _ right: Operand, at offset: Int
    ) throws(ProgramError) -> Operand {
        guard let type = operation.result(left.type, right.type) else {
            guard isChecked else { return operand(.binary(operation, emit(left), emit(right)), .dyn, at: offset) }
            let message = "'\(operation.rawValue)' does not take \(left.type) and \(right.type)"
            return try refuse(message, hint: hint(left.type, right.type), at: offset)
        }
        return operand(.binary(operation, emit(left), emit(right)), type, at: offset)
    }

    private func hint(_ left: ValueType, _ right: ValueType) -> String? {
        let types = [left, right]
        if types.contains(.duration) { return "a duration is written duration(\"24h\"), with h, m or s" }
        if types.contains(.timestamp) { return "a time is written timestamp(\"2026-01-31T00:00:00Z\")" }
        let isBare = { (type: ValueType) in type.isNumber || type == .bool }
        if types.contains(.string), types.contains(where: isBare) { return "a text stands in quotes" }
        return nil
    }

    // MARK: - Functions

    mutating func call(
        _ name: String, on target: Expression?, _ arguments: [Expression], at offset: Int
    ) throws(ProgramError) -> Operand {
        guard let overloads = Overload.named[name] else { return try unknownFunction(name, at: offset) }
        var operands: [Operand] = []
        if let target { operands.append(try compile(target)) }
        for argument in arguments { operands.append(try compile(argument)) }
        let fitting = overloads.filter { $0.fits(operands.map(\.type), isMember: target != nil, isChecked: isChecked) }
        guard let first = fitting.first else {
            let types = operands.map(\.type.description).joined(separator: ", ")
            let forms = overloads.map(\.description).joined(separator: ", ")
            let hint = (target == nil ? nil : Self.macroForms[name]) ?? "there is \(forms)"
            return try refuse("'\(name)' does not take (\(types))", hint: hint, at: offset)
        }
        let types = Set(fitting.map(\.result))
        let result = types.count == 1 ? first.result : .dyn
        if let literal = try literal(first.function, operands, result, at: offset) { return literal }
        return operand(.call(first.function, emit(operands)), result, at: offset)
    }

    private mutating func unknownFunction(_ name: String, at offset: Int) throws(ProgramError) -> Operand {
        if let form = Self.macroForms[name] {
            return try refuse("'\(name)' is written otherwise", hint: "it is \(form)", at: offset)
        }
        let names = Set(Overload.named.keys).union(Self.macroForms.keys).sorted()
        let near = nearest(to: name, among: names).map { "did you mean '\($0)'?" }
        return try refuse("there is no function '\(name)'", hint: near, at: offset)
    }

    private static let macroForms = [
        "has": "has(value.field)", "all": "list.all(x, condition)", "exists": "list.exists(x, condition)",
        "exists_one": "list.exists_one(x, condition)", "existsOne": "list.existsOne(x, condition)",
        "map": "list.map(x, value) or list.map(x, condition, value)", "filter": "list.filter(x, condition)",
        "transformList": "list.transformList(i, x, value)", "transformMap": "map.transformMap(key, x, value)",
    ]

    /// What can be worked out of literals once and for all; nil when there is nothing to work out.
    private mutating func literal(
        _ function: Function, _ operands: [Operand], _ result: ValueType, at offset: Int
    ) throws(ProgramError) -> Operand? {
        switch function {
        case .matches:
            guard operands.count == 2, case .string(let text)? = operands[1].constant else { return nil }
            do throws(EvaluationError.Reason) {
                parts.patterns.append(try Pattern(text))
            } catch {
                guard isChecked, environment.checksLiterals else { return nil }
                return try refuse(error.description, at: operands[1].offset)
            }
            let pattern = Int32(parts.patterns.count - 1)
            return operand(.matches(emit(operands[0]), pattern: pattern), result, at: offset)
        case .fullYear, .month, .dayOfMonth, .date, .dayOfWeek, .dayOfYear, .hours, .minutes, .seconds, .milliseconds:
            guard operands.count == 2, case .string(let name)? = operands[1].constant else { return nil }
            guard let zone = zoneOffset(name, environment.zone) else {
                guard isChecked, environment.checksLiterals else { return nil }
                return try refuse(
                    "there is no time zone '\(name.debugged)'", hint: "one is 'Europe/Berlin', 'UTC' or '+02:00'",
                    at: operands[1].offset)
            }
            parts.zones.append(zone)
            let index = Int32(parts.zones.count - 1)
            return operand(.zoned(function, emit(operands[0]), zone: index), result, at: offset)
        case .duration, .timestamp, .int, .uint, .double, .string, .bytes, .bool:
            guard let value = operands[0].constant else { return nil }
            do throws(EvaluationError.Reason) {
                let constant = try value.converted(by: function)
                return Operand(form: .constant(constant), type: result, offset: offset)
            } catch {
                guard isChecked, environment.checksLiterals else { return nil }
                return try refuse(error.description, hint: hint(for: value, function), at: operands[0].offset)
            }
        default: return nil
        }
    }

    private func hint(for value: Value, _ function: Function) -> String? {
        guard case .string(let text) = value else { return nil }
        switch function {
        case .duration:
            if text.hasSuffix("d"), let days = Int32(text.dropLast()) {
                return "there are no days: \(text) is \(Int64(days) * 24)h"
            }
            return "it is written with h, m and s: 36h, 1h30m"
        case .timestamp: return "it is written like 2026-01-31T00:00:00Z"
        default: return nil
        }
    }

    // MARK: - Macros

    mutating func loop(_ macro: Comprehension, at offset: Int) throws(ProgramError) -> Operand {
        let range = try compile(macro.range)
        let types: (key: ValueType, value: ValueType)
        switch range.type {
        case .list(let element): types = (.int, element)
        case .map(let key, let value): types = (key, value)
        case .dyn: types = (.dyn, .dyn)
        default:
            guard !isChecked else {
                let message = "'\(macro.kind.rawValue)' goes through a list or a map, not \(range.type)"
                return try refuse(message, at: offset)
            }
            types = (.dyn, .dyn)
        }
        let hasTwo = macro.names.count == 2
        var isMap = false
        if case .map = range.type { isMap = true }
        let first = Int32(locals.count)
        let own = hasTwo || isMap ? [types.key, types.value] : [types.value]
        for (index, name) in macro.names.enumerated() {
            locals.append(Local(name: name, index: first + Int32(index), type: own[index]))
        }
        parts.localCount = max(parts.localCount, locals.count)
        defer { locals.removeLast(macro.names.count) }
        var condition: Int32?
        if let expression = macro.condition {
            let operand = try compile(expression)
            try require(.bool, operand, of: "'\(macro.kind.rawValue)'")
            condition = emit(operand)
        }
        var result: Operand?
        if let expression = macro.result { result = try compile(expression) }
        let type: ValueType =
            switch macro.kind {
            case .all, .exists, .existsOne: .bool
            case .filter: .list(own[0])
            case .map, .transformList: .list(result?.type ?? .dyn)
            case .transformMap: .map(types.key, result?.type ?? .dyn)
            }
        let loop = Code.Loop(
            kind: macro.kind, range: emit(range), local: first, hasTwoVariables: hasTwo, condition: condition,
            result: result.map { emit($0) })
        parts.loops.append(loop)
        return operand(.loop(Int32(parts.loops.count - 1)), type, at: offset)
    }
}

extension Overload {
    func fits(_ types: [ValueType], isMember: Bool, isChecked: Bool) -> Bool {
        guard isMember == self.isMember, types.count == parameters.count else { return false }
        return !isChecked || zip(types, parameters).allSatisfy { $0.isCompatible(with: $1) }
    }
}

extension Operation {
    private static let sums: [(ValueType, ValueType, ValueType)] = [
        (.int, .int, .int), (.uint, .uint, .uint), (.double, .double, .double), (.string, .string, .string),
        (.bytes, .bytes, .bytes), (.timestamp, .duration, .timestamp), (.duration, .timestamp, .timestamp),
        (.duration, .duration, .duration),
    ]
    private static let differences: [(ValueType, ValueType, ValueType)] = [
        (.int, .int, .int), (.uint, .uint, .uint), (.double, .double, .double), (.timestamp, .timestamp, .duration),
        (.timestamp, .duration, .timestamp), (.duration, .duration, .duration),
    ]

    /// Nil when it does not take values of these types.
    func result(_ left: ValueType, _ right: ValueType) -> ValueType? {
        switch self {
        case .equal, .unequal: return left.canEqual(right) ? .bool : nil
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard left.isOrdered, right.isOrdered else { return nil }
            return left.isCompatible(with: right) || left.isNumber && right.isNumber ? .bool : nil
        case .add:
            if case .list = left, left.isCompatible(with: right) { return left.joined(with: right) }
            if left == .dyn, case .list = right { return .dyn }
            return Self.result(Self.sums, left, right)
        case .subtract: return Self.result(Self.differences, left, right)
        case .multiply, .divide: return Self.result(Array(Self.sums.prefix(3)), left, right)
        case .remainder: return Self.result(Array(Self.sums.prefix(2)), left, right)
        case .membership:
            switch right {
            case .list(let element): return left.canEqual(element) ? .bool : nil
            case .map(let key, _): return left.canEqual(key) ? .bool : nil
            case .dyn: return .bool
            default: return nil
            }
        case .index:
            switch left {
            case .list(let element): return right.isNumber ? element : nil
            case .map(let key, let value): return right.canEqual(key) ? value : nil
            case .dyn: return .dyn
            default: return nil
            }
        }
    }

    private static func result(
        _ rows: [(ValueType, ValueType, ValueType)], _ left: ValueType, _ right: ValueType
    ) -> ValueType? {
        let results = Set(rows.filter { $0.0.isCompatible(with: left) && $0.1.isCompatible(with: right) }.map(\.2))
        return results.count > 1 ? .dyn : results.first
    }
}
