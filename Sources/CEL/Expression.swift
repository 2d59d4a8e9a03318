/// What was written, with its macros expanded.
struct Expression {
    indirect enum Form {
        case literal(Value)
        /// With a dot before it, it is no variable of a macro.
        case name(String, isAbsolute: Bool)
        case select(Expression, String)
        case has(Expression, String)
        case call(String, target: Expression?, [Expression])
        case not(Expression)
        case negated(Expression)
        case binary(Operation, Expression, Expression)
        /// Two or more.
        case all([Expression])
        /// Two or more.
        case any([Expression])
        case conditional(Expression, then: Expression, otherwise: Expression)
        case list([Expression])
        case map([(key: Expression, value: Expression)])
        case comprehension(Comprehension)
    }

    let form: Form
    /// Where it is told from, in bytes: its sign, or its beginning.
    let offset: Int
    /// How many expressions enclose each other, at most, down to the leaves.
    let height: Int
}

/// A sign between two values.
enum Operation: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case membership = "in"
    case index = "[]"
}

/// A macro that goes through a list or a map.
struct Comprehension {
    enum Kind: String, CaseIterable, Sendable {
        case all, exists, existsOne, map, filter, transformList, transformMap
    }

    var kind: Kind
    var range: Expression
    /// What each element is called; with two names, its index or key, and it.
    var names: [String]
    /// What an element must meet; nil where every one is taken.
    var condition: Expression?
    /// What becomes of it; nil where it is not asked.
    var result: Expression?
}

extension Expression.Form {
    var children: [Expression] {
        switch self {
        case .literal, .name: []
        case .select(let operand, _), .has(let operand, _), .not(let operand), .negated(let operand): [operand]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .binary(_, let left, let right): [left, right]
        case .all(let parts), .any(let parts), .list(let parts): parts
        case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .comprehension(let macro): [macro.range] + [macro.condition, macro.result].compactMap { $0 }
        }
    }
}
