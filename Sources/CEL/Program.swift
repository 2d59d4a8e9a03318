/// An expression that was read and checked, to be evaluated as often as one likes.
///
/// For example:
///
///     let program = try Program(#"token.age > duration("24h")"#, environment: environment)
///     let answer = program.evaluate(token, costLimit: 10_000)
package struct Program: Sendable {
    package let source: String
    /// What its value will be.
    package let type: ValueType
    /// The variables that it may ask for, by their places in the environment, in order.
    package let slots: [Int]
    private let code: Code

    /// A place where a variable is read.
    package struct Read: Sendable {
        /// The place of the variable in the environment.
        package var slot: Int
        /// Both from 1.
        package var line: Int
        package var column: Int
    }

    /// The variables that it reads and nowhere asks for with `has()`, each where it is first read. To read one that has
    /// no value is an error.
    package var unaskedReads: [Read] {
        var seen: Set<Int32> = []
        for case .hasVariable(let slot) in code.nodes { seen.insert(slot) }
        var reads: [Read] = []
        for (node, place) in zip(code.nodes, code.positions) {
            guard case .variable(let slot) = node, seen.insert(slot).inserted else { continue }
            reads.append(Read(slot: Int(slot), line: Int(place.line), column: Int(place.column)))
        }
        return reads
    }

    /// - Parameter result: what its value has to be.
    /// - Throws: where the source is no expression, names or calls what there is not, or has a value of another type.
    package init(
        _ source: String, environment: Environment, result: ValueType = .bool
    ) throws(ProgramError) {
        try self.init(source, environment, result, isChecked: true)
    }

    /// Without any check of names and types: what is wrong with them is an error of the evaluation.
    package init(unchecked source: String, environment: Environment) throws(ProgramError) {
        try self.init(source, environment, .dyn, isChecked: false)
    }

    private init(
        _ source: String, _ environment: Environment, _ result: ValueType, isChecked: Bool
    ) throws(ProgramError) {
        var parser = try Parser(source)
        let expression = try parser.program()
        var compiler = Compiler(environment: environment, source: parser.source, isChecked: isChecked)
        (code, type) = try compiler.code(of: expression)
        slots = compiler.parts.slots.sorted()
        self.source = source
        guard type.isCompatible(with: result) else {
            let hint = result == .bool ? "compare it with something, as in 'a == b'" : nil
            throw ProgramError("this is of type \(type), not \(result)", hint: hint, at: 0, in: parser.source)
        }
    }

    /// - Parameter costLimit: steps, of which each node takes one, and long texts and lists more.
    package func evaluate(_ variables: any Variables, costLimit: Int) -> Result<Value, EvaluationError> {
        var evaluator = Evaluator(code: code, variables: variables, costLimit: costLimit)
        do throws(EvaluationError) {
            return .success(try evaluator.value(of: code.root))
        } catch {
            return .failure(error)
        }
    }

    /// The same for a condition: a value that is no bool, which only one of type dyn can be, is an error.
    package func decide(_ variables: any Variables, costLimit: Int) -> Result<Bool, EvaluationError> {
        switch evaluate(variables, costLimit: costLimit) {
        case .success(.bool(let answer)): .success(answer)
        case .success(let value):
            .failure(EvaluationError(reason: .noOverload("condition", [value.typeName]), line: 1, column: 1))
        case .failure(let error): .failure(error)
        }
    }
}
