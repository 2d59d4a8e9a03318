extension Parser {
    /// A macro becomes what it stands for; anything else stays a call.
    func call(
        _ name: String, on target: Expression?, _ arguments: [Expression], at offset: Int
    ) throws(ProgramError) -> Expression {
        guard let target else {
            guard name == "has", arguments.count == 1 else {
                return try make(.call(name, target: nil, arguments), at: offset)
            }
            guard case .select(let operand, let field) = arguments[0].form else {
                throw error("has() asks for a field", hint: "it is written has(value.field)", at: arguments[0].offset)
            }
            return try make(.has(operand, field), at: arguments[0].offset)
        }
        guard let kind = Self.macros[name], let macro = try expand(kind, name, target, arguments) else {
            return try make(.call(name, target: target, arguments), at: offset)
        }
        return try make(.comprehension(macro), at: offset)
    }

    static let macros: [String: Comprehension.Kind] = {
        var macros = ["exists_one": Comprehension.Kind.existsOne]
        for kind in Comprehension.Kind.allCases { macros[kind.rawValue] = kind }
        return macros
    }()

    /// Nil when the macro has no form with that many arguments.
    private func expand(
        _ kind: Comprehension.Kind, _ name: String, _ range: Expression, _ arguments: [Expression]
    ) throws(ProgramError) -> Comprehension? {
        let names: Int
        switch (kind, arguments.count) {
        case (.all, 2...3), (.exists, 2...3), (.existsOne, 2...3): names = arguments.count - 1
        case (.map, 2...3), (.filter, 2): names = 1
        case (.transformList, 3...4), (.transformMap, 3...4): names = 2
        default: return nil
        }
        var variables: [String] = []
        for argument in arguments[..<names] {
            guard case .name(let variable, isAbsolute: false) = argument.form else {
                let hint = "it is written list.\(name)(x, ... x ...)"
                throw error("'\(name)' begins with the name of a variable", hint: hint, at: argument.offset)
            }
            guard !variables.contains(variable) else {
                throw error("two variables are called '\(variable)'", at: argument.offset)
            }
            variables.append(variable)
        }
        let rest = arguments[names...]
        switch kind {
        case .all, .exists, .existsOne, .filter:
            return Comprehension(kind: kind, range: range, names: variables, condition: rest.last)
        case .map, .transformList, .transformMap:
            let condition = rest.count > 1 ? rest.first : nil
            return Comprehension(
                kind: kind, range: range, names: variables, condition: condition, result: rest.last)
        }
    }
}
