import Documents
import JSON
import PolicyFiles
import RotaCore

extension Command {
    static let policyTest = Command(
        words: ["policy", "test"],
        summary: "hold policies against made-up tokens with expected verdicts and actions",
        discussion: """
            Tests stand beside the policies: production.test.yaml beside production.yaml, each with tokens, what each
            policy is to say of them, and the action that is to follow. Nothing of a store is read.

                version: 1
                now: 2027-01-01                # the instant at which all is judged
                mode: enforce                  # as if every policy had it; each its own where none is written
                tests:
                  - name: an old production value is replaced
                    token: { labels: { env: production }, age: 91d }
                    expect:
                      action: rotate           # or none; or { action: rotate, policy: P, rule: R }
                      verdicts:                # of a rule a status or a reason; of a policy not-selected
                        production-rotation: { max-age: violating }
                        break-glass: not-selected

            Keys of a token, which says what differs from an ordinary one: name, description, owner, integration,
            scopes, labels, issuer, destinations (how many), state, created-at, age or value-issued-at,
            previous-issued-at, overlap-ends-at, rotating, idle or last-used-at (or never, unknown), addresses, agents,
            expires-at, and quarantined: { since: 14d, policy: P, rule: R }, by a person where no rule is named. A
            duration is so long before 'now', and after it for ends. A status is compliant, due, violating or unknown.
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
    if !invocation.wantsJSON { for fault in faults { output.note(fault.description) } }
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
