import Engine
import JSON
import PolicyFiles
import RotaCore

extension Command {
    static let policyCheck = Command(
        words: ["policy", "check"],
        summary: "check policy files, and tell all faults at once",
        operand: Operand(
            name: "PATH", help: "a file or a directory; else the configured policies", count: .optional),
        examples: ["rota policy check", "rota policy check Policies/baseline.yaml"],
        exitCodes: [.done, .usage],
        run: checkPolicies)

    static let policyExplain = Command(
        words: ["policy", "explain"],
        summary: "tell what every policy says of a token, and when",
        operand: Operand(name: "TOKEN", help: "a name or an id"),
        options: [Option("at", "TIME|SPAN", help: "as if it were then: 2027-01-31, or 30d from now")],
        examples: ["rota policy explain ingest"],
        run: explainPolicies)
}

extension Composition {
    /// The configured policies; nothing is done while one of them has a fault.
    func policies() throws(Failure) -> PolicySet {
        try checkedPolicies(at: configuration.policies, invocation.output, tellsWarnings: false)
    }
}

/// Reads policies, and fails with all faults. Warnings are told in full, or as a number only: a run in the
/// night does not repeat them.
private func checkedPolicies(
    at path: String, _ output: Output, tellsWarnings: Bool
) throws(Failure) -> PolicySet {
    let load = loadPolicies(at: path)
    let faults = load.diagnostics.map { Fault($0) }
    if let policies = load.policies {
        if tellsWarnings {
            for fault in faults { output.note(fault.description) }
        } else if !faults.isEmpty {
            output.note("the policies have \(counted(faults.count, "warning")); see 'rota policy check'")
        }
        return policies
    }
    let errors = faults.count { $0.severity == .error }
    throw Failure(
        "the policies at \(path) have \(counted(errors, "fault")); nothing was done", code: .usage,
        faults: faults)
}

private func checkPolicies(_ invocation: Invocation) throws -> ExitCode {
    let path = try invocation.arguments.operands.first ?? Configuration.load(invocation.arguments).policies
    guard invocation.wantsJSON else {
        let policies = try checkedPolicies(at: path, invocation.output, tellsWarnings: true)
        let rules = policies.policies.reduce(0) { $0 + $1.rules.count }
        let count = policies.policies.count
        invocation.output.line(
            "\(count) \(count == 1 ? "policy" : "policies") with \(counted(rules, "rule")): no faults")
        return .done
    }
    let load = loadPolicies(at: path)
    invocation.output.document([
        "valid": .bool(load.policies != nil),
        "digest": TokenDocument.text(load.policies?.digest),
        "policies": .array((load.policies?.policies ?? []).map { .string($0.name) }),
        "diagnostics": .array(load.diagnostics.map { Fault($0).json }),
    ])
    return load.policies == nil ? .usage : .done
}

private func explainPolicies(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let at = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let composition = try Composition(invocation)
    let policies = try composition.policies()
    let store = try composition.openStore()
    defer { store.close() }
    let token = try store.requireToken(invocation.arguments.operands[0])
    let tracking = invocation.arguments.has("at") ? .unbroken : try store.tracking()
    let timeline = Timeline(of: token, policies: policies.policies, at: at, tracking: tracking)
    let missing = try MissingValue(of: token, from: store)
    if invocation.wantsJSON {
        invocation.output.document(TimelineDocument.json(timeline, missing))
    } else {
        TimelineDocument.print(timeline, missing, on: invocation.output)
    }
    return .done
}
