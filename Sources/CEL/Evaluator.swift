/// One evaluation. It recurses as deeply as expressions enclose each other, which the parser limits.
struct Evaluator {
    let code: Code
    let variables: any Variables
    private let costLimit: Int
    private var remaining: Int
    var locals: [Value]

    init(code: Code, variables: any Variables, costLimit: Int) {
        self.code = code
        self.variables = variables
        self.costLimit = costLimit
        remaining = costLimit
        locals = code.localCount == 0 ? [] : Array(repeating: .null, count: code.localCount)
    }

    // MARK: - Errors and cost

    func error(_ reason: EvaluationError.Reason, at index: Int32) -> EvaluationError {
        let position = code.positions[Int(index)]
        return EvaluationError(reason: reason, line: Int(position.line), column: Int(position.column))
    }

    mutating func spend(_ steps: Int, at index: Int32) throws(EvaluationError) {
        guard steps <= remaining else {
            remaining = 0
            throw error(.costExceeded(costLimit), at: index)
        }
        remaining -= steps
    }

    // MARK: - Nodes

    mutating func value(of index: Int32) throws(EvaluationError) -> Value {
        try spend(1, at: index)
        switch code.nodes[Int(index)] {
        case .constant(let constant): return code.constants[Int(constant)]
        case .variable(let slot):
            guard let value = variables.value(of: Int(slot)) else { throw absent(slot, at: index) }
            return value
        case .hasVariable(let slot): return .bool(variables.value(of: Int(slot)) != nil)
        case .local(let local): return locals[Int(local)]
        case .binary(let operation, let left, let right): return try binary(operation, left, right, at: index)
        case .select(let owner, let name): return try select(name, of: owner, at: index)
        case .has(let owner, let name): return try has(name, owner, at: index)
        case .all(let children): return .bool(try !isAny(children, false, at: index))
        case .any(let children): return .bool(try isAny(children, true, at: index))
        case .not(let inner): return .bool(try !truth(of: inner, "!", at: index))
        case .conditional(let condition, let then, let otherwise):
            return try value(of: try truth(of: condition, "?", at: index) ? then : otherwise)
        case .negated(let inner): return try negated(inner, at: index)
        case .list(let children): return .list(of: try values(of: children))
        case .map(let children): return try map(children, at: index)
        case .call(let function, let children): return try call(function, children, at: index)
        case .matches(let text, let pattern): return try matches(text, code.patterns[Int(pattern)], at: index)
        case .zoned(let function, let inner, let zone):
            let inner = try value(of: inner)
            guard case .timestamp(let time) = inner, let field = time.field(function, offset: code.zones[Int(zone)])
            else {
                throw noOverload(function, [inner], at: index)
            }
            return .int(field)
        case .loop(let loop): return try run(code.loops[Int(loop)], at: index)
        case .failure(let failure): throw error(.invalid(code.failures[Int(failure)]), at: index)
        }
    }

    private func absent(_ slot: Int32, at index: Int32) -> EvaluationError {
        error(.absent(code.environment.variables[Int(slot)].name), at: index)
    }

    func child(_ children: Code.Children, _ number: Int32) -> Int32 { code.children[Int(children.first + number)] }

    private mutating func values(of children: Code.Children) throws(EvaluationError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(Int(children.count))
        for number in 0..<children.count { values.append(try value(of: child(children, number))) }
        return values
    }

    private mutating func truth(
        of index: Int32, _ name: String, at parent: Int32
    ) throws(EvaluationError) -> Bool {
        let value = try value(of: index)
        guard case .bool(let truth) = value else { throw error(.noOverload(name, [value.typeName]), at: parent) }
        return truth
    }

    /// Whether one of them is `sought`. If one is, the errors of the others do not matter.
    private mutating func isAny(
        _ children: Code.Children, _ sought: Bool, at index: Int32
    ) throws(EvaluationError) -> Bool {
        var failure: EvaluationError?
        for number in 0..<children.count {
            do throws(EvaluationError) {
                if try truth(of: child(children, number), sought ? "||" : "&&", at: index) == sought { return true }
            } catch {
                if error.isLimit { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return false
    }

    private mutating func select(
        _ name: Int32, of owner: Int32, at index: Int32
    ) throws(EvaluationError) -> Value {
        let owner = try value(of: owner)
        guard case .map(let map) = owner, case .string(let name) = code.constants[Int(name)] else {
            throw error(.noOverload(".", [owner.typeName]), at: index)
        }
        guard let value = map.value(named: name) else { throw error(.noSuchKey("'\(name)'"), at: index) }
        return value
    }

    private mutating func has(_ name: Int32, _ owner: Int32, at index: Int32) throws(EvaluationError) -> Value {
        let owner = try value(of: owner)
        guard case .map(let map) = owner, case .string(let name) = code.constants[Int(name)] else {
            throw error(.noOverload("has", [owner.typeName]), at: index)
        }
        return .bool(map.value(named: name) != nil)
    }

    private mutating func negated(_ inner: Int32, at index: Int32) throws(EvaluationError) -> Value {
        let value = try value(of: inner)
        switch value {
        case .int(let number):
            guard number != .min else { throw error(.overflow("-"), at: index) }
            return .int(-number)
        case .double(let number): return .double(-number)
        default: throw error(.noOverload("-", [value.typeName]), at: index)
        }
    }

    private mutating func map(_ children: Code.Children, at index: Int32) throws(EvaluationError) -> Value {
        let values = try values(of: children)
        try spend(values.count, at: index)
        let entries = stride(from: 0, to: values.count, by: 2).map { (key: values[$0], value: values[$0 + 1]) }
        guard let map = Value.Map(entries) else { throw error(.duplicateKey, at: index) }
        return .map(map)
    }
}
