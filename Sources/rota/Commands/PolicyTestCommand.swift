import JSON
import PolicyFiles
import RotaCore

extension Command {
    static let policyTest = Command(
        words: ["policy", "test"],
        summary: "hold policies against made-up tokens with expected verdicts and actions",
        discussion: """
            Tests stand beside the policies: production.test.yaml beside production.yaml, each with tokens, what each
            policy is to say of them, and the action that is to follow. Nothing of a store is read. Docs/Policies.md
            tells every key.
            """,
        operand: Operand(
            name: "PATH", help: "a test, a policy file or a directory; else the configured policies", count: .optional),
        examples: ["rota policy test", "rota policy test Policies/baseline.test.yaml"],
        exitCodes: [.done, .failed, .usage],
        run: testPolicies)
}

private func testPolicies(_ invocation: Invocation) throws -> ExitCode {
    let output = invocation.output
    let path = try invocation.arguments.operands.first ?? Configuration.load(invocation.arguments).policies
    let load = loadPolicyTests(at: path)
    let faults = load.diagnostics.map { Fault($0) }
    guard !load.files.isEmpty else {
        throw Failure(
            "the tests at \(path) have \(counted(faults.count { $0.severity == .error }, "fault")); nothing was tested",
            code: .usage, faults: faults)
    }
    if !invocation.wantsJSON { for fault in faults where fault.severity == .error { output.note(fault.description) } }
    let results = load.files.map { PolicyTestResult($0) }
    let failed = results.flatMap(\.tests).count { !$0.passed }
    let total = results.flatMap(\.tests).count
    if invocation.wantsJSON {
        output.document([
            "passed": .bool(failed == 0), "files": .array(results.map(\.json)),
            "totals": ["tests": .integer(total), "passed": .integer(total - failed), "failed": .integer(failed)],
            "diagnostics": .array(faults.map(\.json)),
        ])
    } else {
        for result in results { result.print(on: output) }
        let files = results.count == 1 ? "" : " in \(counted(results.count, "file"))"
        output.line("\(counted(total, "test"))\(files): \(total - failed) passed, \(failed) failed")
    }
    return failed == 0 ? .done : .failed
}

/// What became of the tests of one file, as it is shown.
private struct PolicyTestResult {
    struct Tested {
        var test: PolicyTest
        var checks: [PolicyTestCheck]
        var passed: Bool { checks.allSatisfy(\.passed) }
    }

    let file: PolicyTestFile
    let tests: [Tested]

    init(_ file: PolicyTestFile) {
        self.file = file
        tests = file.tests.map { Tested(test: $0, checks: $0.checks(of: file.policies, at: file.now)) }
    }

    /// Policies of which nothing is expected.
    private var untested: [String] {
        let tested = Set(tests.flatMap(\.checks).compactMap(\.policy))
        return file.policies.policies.map(\.name).filter { !tested.contains($0) }
    }

    func print(on output: Output) {
        output.line(Style.heading.applied(to: printable(file.file), on: output))
        for tested in tests {
            output.line("  \(tested.passed ? "ok  " : "FAIL")  \(printable(tested.test.name))")
            for check in tested.checks where !check.passed { print(check, on: output) }
        }
        if !untested.isEmpty {
            output.line("  no verdict is expected of \(printable(untested.joined(separator: ", ")))")
        }
        output.line()
    }

    private func print(_ check: PolicyTestCheck, on output: Output) {
        let subject = [check.policy, check.rule].compactMap(\.self).joined(separator: ": ")
        output.line(
            printable("        \(file.file):\(check.place.line):\(check.place.column): \(check.subject(subject))"))
        output.line(printable("          expected  \(check.expected)"))
        output.line(printable("          came      \(check.actual)" + (check.message.map { ": \($0)" } ?? "")))
    }

    var json: JSON {
        [
            "file": .string(file.file), "policies": .string(file.source), "at": TokenDocument.time(file.now),
            "untested": .array(untested.map { .string($0) }),
            "tests": .array(
                tests.map { tested in
                    [
                        "name": .string(tested.test.name), "line": .integer(tested.test.place.line),
                        "passed": .bool(tested.passed), "checks": .array(tested.checks.map(json)),
                    ]
                }),
        ]
    }

    private func json(_ check: PolicyTestCheck) -> JSON {
        [
            "policy": TokenDocument.text(check.policy), "rule": TokenDocument.text(check.rule),
            "line": .integer(check.place.line), "column": .integer(check.place.column), "passed": .bool(check.passed),
            "expected": .string(check.expected), "actual": .string(check.actual),
            "message": TokenDocument.text(check.message),
        ]
    }
}

extension PolicyTestCheck {
    fileprivate func subject(_ name: String) -> String { name.isEmpty ? "action" : name }
}
