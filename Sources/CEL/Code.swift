/// An expression as it is evaluated: nodes that name each other, and their variables, by number.
final class Code: Sendable {
    /// Without references of its own, so that looking at one counts none.
    enum Node: Sendable {
        case constant(Int32)
        case variable(slot: Int32)
        case hasVariable(slot: Int32)
        case local(Int32)
        /// The name is a constant.
        case select(Int32, name: Int32)
        case has(Int32, name: Int32)
        case not(Int32)
        case negated(Int32)
        case binary(Operation, Int32, Int32)
        case all(Children)
        case any(Children)
        case conditional(Int32, Int32, Int32)
        case list(Children)
        /// Key and value by turns.
        case map(Children)
        case call(Function, Children)
        /// A pattern that is written out.
        case matches(Int32, pattern: Int32)
        /// A zone that is written out.
        case zoned(Function, Int32, zone: Int32)
        case loop(Int32)
        /// What is an error whenever it is reached.
        case failure(Int32)
    }

    struct Children: Sendable {
        var first: Int32
        var count: Int32
    }

    struct Loop: Sendable {
        var kind: Comprehension.Kind
        var range: Int32
        /// Where its variables are kept.
        var local: Int32
        var hasTwoVariables: Bool
        var condition: Int32?
        var result: Int32?
    }

    /// While it grows.
    struct Parts {
        var nodes: [Node] = []
        var positions: [Position] = []
        var children: [Int32] = []
        var constants: [Value] = []
        var patterns: [Pattern] = []
        var zones: [Environment.ZoneOffset] = []
        var loops: [Loop] = []
        var failures: [String] = []
        var localCount = 0
        var slots: Set<Int> = []
    }

    let nodes: [Node]
    let positions: [Position]
    let children: [Int32]
    let constants: [Value]
    let patterns: [Pattern]
    let zones: [Environment.ZoneOffset]
    let loops: [Loop]
    let failures: [String]
    let localCount: Int
    let root: Int32
    let environment: Environment

    init(_ parts: Parts, root: Int32, environment: Environment) {
        nodes = parts.nodes
        positions = parts.positions
        children = parts.children
        constants = parts.constants
        patterns = parts.patterns
        zones = parts.zones
        loops = parts.loops
        failures = parts.failures
        localCount = parts.localCount
        self.root = root
        self.environment = environment
    }
}
