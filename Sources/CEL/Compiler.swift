/// Resolves names, checks types, and turns an expression into code.
struct Compiler {
    /// A part that is known already, or one that is to be evaluated.
    struct Operand {
        enum Form {
            case constant(Value)
            case node(Int32)
        }

        var form: Form
        var type: ValueType
        var offset: Int

        var constant: Value? {
            if case .constant(let value) = form { value } else { nil }
        }
    }

    struct Local {
        var name: String
        var index: Int32
        var type: ValueType
    }

    let environment: Environment
    let source: [UInt8]
    let isChecked: Bool
    var parts = Code.Parts()
    var locals: [Local] = []
    private let positions: [Position]

    init(environment: Environment, source: [UInt8], isChecked: Bool) {
        self.environment = environment
        self.source = source
        self.isChecked = isChecked
        // One pass, and not one for each node.
        var positions = [Position(of: 0, in: source)]
        for byte in source {
            var next = positions[positions.count - 1]
            if byte == UInt8(ascii: "\n") {
                (next.line, next.column) = (next.line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                next.column += 1
            }
            positions.append(next)
        }
        self.positions = positions
    }

    mutating func code(of expression: Expression) throws(ProgramError) -> (Code, ValueType) {
        let operand = try compile(expression)
        let root = emit(operand)
        return (Code(parts, root: root, environment: environment), operand.type)
    }

    // MARK: - Parts

    func position(of offset: Int) -> Position { positions[min(offset, positions.count - 1)] }

    mutating func emit(_ node: Code.Node, at offset: Int) -> Int32 {
        parts.nodes.append(node)
        parts.positions.append(position(of: offset))
        return Int32(parts.nodes.count - 1)
    }

    mutating func emit(_ operand: Operand) -> Int32 {
        switch operand.form {
        case .node(let index): index
        case .constant(let value): emit(.constant(constant(value)), at: operand.offset)
        }
    }

    mutating func emit(_ operands: [Operand]) -> Code.Children {
        let indices = operands.map { emit($0) }
        defer { parts.children += indices }
        return Code.Children(first: Int32(parts.children.count), count: Int32(indices.count))
    }

    mutating func constant(_ value: Value) -> Int32 {
        parts.constants.append(value)
        return Int32(parts.constants.count - 1)
    }

    mutating func operand(_ node: Code.Node, _ type: ValueType, at offset: Int) -> Operand {
        Operand(form: .node(emit(node, at: offset)), type: type, offset: offset)
    }

    /// An error of the program; without checks, one of the evaluation.
    mutating func refuse(
        _ message: String, hint: String? = nil, at offset: Int
    ) throws(ProgramError) -> Operand {
        guard !isChecked else { throw ProgramError(message, hint: hint, at: offset, in: source) }
        parts.failures.append(message)
        return operand(.failure(Int32(parts.failures.count - 1)), .dyn, at: offset)
    }

    func require(_ type: ValueType, _ operand: Operand, of place: String) throws(ProgramError) {
        guard isChecked, !operand.type.isCompatible(with: type) else { return }
        throw ProgramError("\(place) takes \(type), not \(operand.type)", at: operand.offset, in: source)
    }

    // MARK: - Expressions

    mutating func compile(_ expression: Expression) throws(ProgramError) -> Operand {
        let offset = expression.offset
        switch expression.form {
        case .literal(let value): return Operand(form: .constant(value), type: value.literalType, offset: offset)
        case .name, .select: return try reference(expression)
        case .has(let owner, let field): return try presence(of: field, in: owner, at: offset)
        case .not(let inner):
            let inner = try compile(inner)
            try require(.bool, inner, of: "'!'")
            return operand(.not(emit(inner)), .bool, at: offset)
        case .negated(let inner): return try negated(inner, at: offset)
        case .binary(let operation, let left, let right):
            return try binary(operation, try compile(left), try compile(right), at: offset)
        case .all(let parts): return operand(.all(try conditions(parts, "'&&'")), .bool, at: offset)
        case .any(let parts): return operand(.any(try conditions(parts, "'||'")), .bool, at: offset)
        case .conditional(let condition, let then, let otherwise):
            return try conditional(condition, then, otherwise, at: offset)
        case .list(let items): return try list(items, at: offset)
        case .map(let entries): return try map(entries, at: offset)
        case .call(let name, let target, let arguments):
            return try call(name, on: target, arguments, at: offset)
        case .comprehension(let macro): return try loop(macro, at: offset)
        }
    }

    private mutating func conditions(
        _ expressions: [Expression], _ sign: String
    ) throws(ProgramError) -> Code.Children {
        var operands: [Operand] = []
        for expression in expressions {
            let operand = try compile(expression)
            try require(.bool, operand, of: sign)
            operands.append(operand)
        }
        return emit(operands)
    }

    private mutating func negated(_ inner: Expression, at offset: Int) throws(ProgramError) -> Operand {
        let inner = try compile(inner)
        guard [.int, .double, .dyn].contains(inner.type) || !isChecked else {
            return try refuse("'-' takes int or double, not \(inner.type)", at: offset)
        }
        return operand(.negated(emit(inner)), inner.type, at: offset)
    }

    private mutating func conditional(
        _ condition: Expression, _ then: Expression, _ otherwise: Expression, at offset: Int
    ) throws(ProgramError) -> Operand {
        let condition = try compile(condition)
        try require(.bool, condition, of: "'?'")
        let (then, otherwise) = (try compile(then), try compile(otherwise))
        guard !isChecked || then.type.isCompatible(with: otherwise.type) else {
            return try refuse(
                "'? :' is either \(then.type) or \(otherwise.type)", hint: "dyn(...) allows either", at: offset)
        }
        let type = then.type.joined(with: otherwise.type)
        return operand(.conditional(emit(condition), emit(then), emit(otherwise)), type, at: offset)
    }

    private mutating func list(_ items: [Expression], at offset: Int) throws(ProgramError) -> Operand {
        var operands: [Operand] = []
        for item in items { operands.append(try compile(item)) }
        let type = ValueType.list(.joining(operands.map(\.type)))
        // What is written out is made once.
        let constants = operands.compactMap(\.constant)
        guard constants.count < operands.count else {
            return Operand(form: .constant(.list(of: constants)), type: type, offset: offset)
        }
        return operand(.list(emit(operands)), type, at: offset)
    }

    private mutating func map(
        _ entries: [(key: Expression, value: Expression)], at offset: Int
    ) throws(ProgramError) -> Operand {
        var operands: [Operand] = []
        var types: (keys: [ValueType], values: [ValueType]) = ([], [])
        for entry in entries {
            let (key, value) = (try compile(entry.key), try compile(entry.value))
            guard !isChecked || key.type.canBeKey else {
                return try refuse("\(key.type) cannot be the key of a map", at: key.offset)
            }
            types.keys.append(key.type)
            types.values.append(value.type)
            operands += [key, value]
        }
        let type = ValueType.map(.joining(types.keys), .joining(types.values))
        let constants = operands.compactMap(\.constant)
        if constants.count == operands.count {
            let pairs = stride(from: 0, to: constants.count, by: 2).map {
                (key: constants[$0], value: constants[$0 + 1])
            }
            if let map = Value.Map(pairs) { return Operand(form: .constant(.map(map)), type: type, offset: offset) }
        }
        return operand(.map(emit(operands)), type, at: offset)
    }
}

extension Value {
    /// As a literal.
    var literalType: ValueType {
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
}
