import CEL
import FoundationEssentials
import JSON
import Testing

/// The core files of the conformance data of cel-spec, which lie beside this repository on some machines.
struct `The language conforms` {
    private static let file =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/shared/cel/conformance.json"

    private static let document =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Docs/CEL.md"

    /// What does not apply here, and nothing else: each reason with what tells that it is so.
    private static func reason(_ test: ConformanceCase) -> String? {
        if ["TestAllTypes", "Value{", "Any{"].contains(where: { test.expression.contains($0) }) {
            return "builds a message of protobuf"
        }
        if test.file == "namespace", test.expression == "y" {
            return "needs a container of names, which it does not tell"
        }
        // Its escape `\?` was taken for two characters where the data was converted; cel-expr-python agrees with us.
        if test.section == "bytes_literals", test.name.hasSuffix("_unescaped_punctuation") {
            return "expects a backslash that the expression does not have"
        }
        return nil
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: file), "the conformance data is not on this machine"))
    func `to every core test that applies`() throws {
        let data = try #require(FileManager.default.contents(atPath: Self.file))
        let json = try JSON.parse(Array(data), maximumBytes: 1 << 24)
        let tests = try #require(json["tests"]?.array)
        var table = Table()
        for json in tests {
            let test = try #require(ConformanceCase(json), "\(json)")
            if let reason = Self.reason(test) {
                table.note(test.file, .notApplicable(reason))
            } else if let failure = test.failure() {
                Issue.record("\(test.file) \(test.section) \(test.name): \(test.expression): \(failure)")
                table.note(test.file, .failed)
            } else {
                table.note(test.file, .passed)
            }
        }
        let document = try String(contentsOfFile: Self.document, encoding: .utf8)
        #expect(document.contains(table.text), "Docs/CEL.md has another table than this:\n\(table.text)")
        #expect(tests.count > 1000)
    }
}

private struct Table {
    enum Outcome: Hashable {
        case passed, failed
        case notApplicable(String)
    }

    private var counts: [String: [Outcome: Int]] = [:]

    mutating func note(_ file: String, _ outcome: Outcome) { counts[file, default: [:]][outcome, default: 0] += 1 }

    /// As it stands in `Docs/CEL.md`.
    var text: String {
        var lines = ["| file | pass | fail | not applicable |", "|---|---|---|---|"]
        for (file, outcomes) in counts.sorted(by: { $0.key < $1.key }) {
            let others = outcomes.compactMap { outcome, count in
                if case .notApplicable(let reason) = outcome { "\(count): \(reason)" } else { nil }
            }
            let told = others.isEmpty ? "0" : others.sorted().joined(separator: "; ")
            lines.append("| \(file) | \(outcomes[.passed] ?? 0) | \(outcomes[.failed] ?? 0) | \(told) |")
        }
        return lines.joined(separator: "\n")
    }
}

private struct ConformanceCase {
    let file, section, name, expression: String
    /// What the data calls in need of protobuf.
    let isProtobuf: Bool
    private let isChecked: Bool
    /// Nil when it has to be an error.
    private let expected: Value?
    private let bindings: [(name: String, value: Value)]

    init?(_ json: JSON) {
        guard let file = json["file"]?.string, let section = json["sec"]?.string, let name = json["name"]?.string,
            let expression = json["expr"]?.string, let bindings = json["bind"]?.object,
            let kind = json["kind"]?.string
        else { return nil }
        (self.file, self.section, self.name, self.expression) = (file, section, name, expression)
        isProtobuf = json["proto"]?.bool == true
        isChecked = json["disable_check"]?.bool == false
        var values: [(name: String, value: Value)] = []
        for member in bindings {
            guard let value = Value(conformance: member.value) else { return nil }
            values.append((member.key, value))
        }
        self.bindings = values
        let expected = json["want"].flatMap { Value(conformance: $0) }
        // An expected value that cannot be read here is a message.
        guard kind == "eval_error" || expected != nil || isProtobuf else { return nil }
        self.expected = kind == "eval_error" ? nil : expected
    }

    /// Nil when it passes.
    func failure() -> String? {
        let environment = Environment(
            variables: bindings.map { Environment.Variable($0.name, $0.value.declaredType) }, zone: someZone,
            checksLiterals: false)
        let program: Program
        do throws(ProgramError) {
            program =
                try isChecked
                ? Program(expression, environment: environment, result: .dyn)
                : Program(unchecked: expression, environment: environment)
        } catch {
            return "\(error)"
        }
        switch (program.evaluate(Bound(values: bindings.map(\.value)), costLimit: 100_000), expected) {
        case (.failure, nil): return nil
        case (.failure(let error), _?): return "\(error)"
        case (.success(let value), nil): return "\(value), and not an error"
        case (.success(let value), let expected?): return value.isSame(as: expected) ? nil : "\(value)"
        }
    }
}

struct Bound: Variables {
    let values: [Value?]

    func value(of slot: Int) -> Value? { values[slot] }
}

/// As they were in February of 2009, where the tests of time zones play.
private func someZone(_ name: String) -> Environment.ZoneOffset? {
    let minutes: [String: Int64] = [
        "Australia/Sydney": 660, "US/Central": -360, "America/St_Johns": -210, "Asia/Kathmandu": 345,
    ]
    guard let ahead = minutes[name] else { return nil }
    return { _ in ahead * 60 }
}
