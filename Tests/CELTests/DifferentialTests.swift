import CEL
import FoundationEssentials
import JSON
import Testing

/// `Tests/SystemTests/cel_expressions.py` draws expressions and has cel-expr-python work them out; `make unit` tells
/// where they are.
struct `Another implementation` {
    private static let file = ProcessInfo.processInfo.environment["ROTA_CEL_EXPRESSIONS"]

    @Test(.enabled(if: file != nil, "ROTA_CEL_EXPRESSIONS names no expressions"))
    func `comes to the same values and the same errors`() throws {
        let path = try #require(Self.file)
        let data = try #require(FileManager.default.contents(atPath: path))
        let json = try JSON.parse(Array(data), maximumBytes: 1 << 30)
        let seed = json["seed"]?.integer ?? 0
        let types = try #require(json["types"]?.object)
        let variables = types.compactMap { member in
            Self.types.first { $0.description == member.value.string }.map { Environment.Variable(member.key, $0) }
        }
        try #require(variables.count == types.count, "a type that this test does not know")
        let environment = Environment(variables: variables, checksLiterals: false)
        let bindings = try #require(json["bindings"]?.array).map { bound in
            Bound(values: variables.map { variable in bound[variable.name].flatMap { Value(conformance: $0) } })
        }
        let cases = try #require(json["cases"]?.array)
        var errors = 0
        for test in cases {
            let expression = try #require(test["expression"]?.string)
            let number = Int(try #require(test["bindings"]?.integer))
            let result = Self.result(of: expression, environment, bindings[number])
            let told = "\(expression) with bindings \(number) (ROTA_SEED=\(seed))"
            switch (result, test["value"]) {
            case (.success(let value), let expected?):
                let expected = try #require(Value(conformance: expected), "\(expected)")
                #expect(value.isSame(as: expected), "\(told): \(value), not \(expected)")
            case (.failure(let error), let expected?): Issue.record("\(told): \(error), not \(expected)")
            case (.success(let value), nil): Issue.record("\(told): \(value), not an error")
            case (.failure, nil): errors += 1
            }
        }
        #expect(errors > cases.count / 20 && errors < cases.count / 2, "\(errors) errors of \(cases.count)")
    }

    private static let types: [ValueType] = [
        .int, .uint, .double, .string, .bool, .timestamp, .duration, .list(.int), .list(.string),
        .map(.string, .string),
        .dyn,
    ]

    private static func result(
        of expression: String, _ environment: Environment, _ bound: Bound
    ) -> Result<Value, any Error> {
        Result {
            let program = try Program(expression, environment: environment, result: .dyn)
            return try program.evaluate(bound, costLimit: 100_000).get()
        }
    }
}
