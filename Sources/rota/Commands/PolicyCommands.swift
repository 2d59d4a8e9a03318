import API
import Documents
import Engine
import JSON
import PolicyFiles
import RotaCore

extension Command {
    static let policyCheck = Command(
        words: ["policy", "check"],
        summary: "check policy files, tell all faults at once, and when the policies run",
        operand: Operand(
            name: "PATH", help: "a file or a directory; else the configured policies", count: .optional),
        options: [
            Option("at", "TIME|SPAN", help: "the runs after then: 2027-01-31, or 30d from now"),
            Option("fires", "COUNT", help: "how many runs of each policy are shown; 3"),
        ],
        examples: [
            "rota policy check", "rota policy check Policies/baseline.yaml",
            "rota policy check --at 2027-03-28 --fires 5",
        ],
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
    func policies() throws(Failure) -> PolicySet { try policiesWithTexts().0 }

    /// The same, with the texts that they were read from, to be kept; a server kept them when it loaded them.
    func policiesWithTexts() throws(Failure) -> (PolicySet, PolicyTexts?) {
        if let surroundings = invocation.surroundings { return (surroundings.policies, nil) }
        let load = loadPolicies(at: configuration.policies, isConfigured: true)
        let policies = try checkedPolicies(load, at: configuration.policies, invocation.output, tellsWarnings: false)
        let files = load.files.map { PolicyTexts.File(name: $0.name, bytes: $0.bytes) }
        return (
            policies,
            PolicyTexts(
                digest: policies.digest, files: files, vaults: configuration.vaultNames,
                settings: configuration.told)
        )
    }

    /// Keeps the texts that somebody goes by from now on, where they are others than before.
    func keep(_ texts: PolicyTexts?, in queue: StoreQueue) async throws {
        guard let texts else { return }
        let change = change("policies were loaded")
        _ = try await queue.write { try $0.notePolicies(texts, change: change) }
    }

    /// The policies as they would be with a changed file or directory.
    func policies(with changed: String) throws(Failure) -> PolicySet {
        let load =
            if let surroundings = invocation.surroundings, let sent = surroundings.candidate {
                loadPolicies(
                    surroundings.policyFiles, from: configuration.policies, with: sent.files,
                    replacingAll: sent.replacesAll)
            } else {
                loadPolicies(at: configuration.policies, with: changed)
            }
        return try checkedPolicies(load, at: changed, invocation.output, tellsWarnings: false)
    }

    /// The policies as they are now, for what only looks; nil while one of them has a fault.
    var loadedPolicies: PolicySet? {
        invocation.surroundings?.policies ?? loadPolicies(at: configuration.policies, isConfigured: true).policies
    }
}

/// Reads policies, and fails with all faults. Warnings are told in full, or as a number only: a run in the
/// night does not repeat them.
private func checkedPolicies(
    _ load: PolicyLoad, at path: String, _ output: Output, tellsWarnings: Bool
) throws(Failure) -> PolicySet {
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
    let now = invocation.clock.now()
    let at = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let fires = try invocation.arguments.integer("fires", in: 0...1000) ?? 3
    let given = invocation.arguments.operands.first
    // Files that are given are judged for themselves: no configuration is needed, and none has a say.
    let configuration = try given == nil ? Configuration.load(invocation.arguments) : nil
    let path = given ?? configuration?.policies ?? ""
    let load = loadPolicies(at: path, isConfigured: given == nil)
    guard invocation.wantsJSON else {
        for fault in configuration?.warnings ?? [] { invocation.output.note(fault.description) }
        let policies = try checkedPolicies(load, at: path, invocation.output, tellsWarnings: true)
        configuration?.warnOfUntoldNotices(of: policies.policies, findings: true, invocation)
        let rules = policies.policies.reduce(0) { $0 + $1.rules.count }
        let count = policies.policies.count
        invocation.output.line(
            "\(count) \(count == 1 ? "policy" : "policies") with \(counted(rules, "rule")): no faults")
        ScheduleDocument.print(
            policies.policies, otherwise: configuration?.schedule, calendar: configuration?.freezeCalendar, after: at,
            fires: fires, on: invocation.output)
        return .done
    }
    let policies = load.policies?.policies ?? []
    var faults = (configuration?.warnings ?? []) + load.diagnostics.map { Fault($0) }
    if let untold = configuration?.untoldNotices(of: policies, findings: true) { faults.append(untold) }
    invocation.output.document([
        "valid": .bool(load.policies != nil),
        "digest": TokenDocument.text(load.policies?.digest),
        "policies": .array(policies.map { .string($0.name) }),
        "schedules": ScheduleDocument.json(
            policies, otherwise: configuration?.schedule, calendar: configuration?.freezeCalendar, after: at,
            fires: fires),
        "diagnostics": .array(faults.map(\.json)),
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
    let isHypothetical = invocation.arguments.has("at")
    let actual = try store.tracking()
    let tracking = isHypothetical ? .unbroken : actual
    let timeline = Timeline(
        of: token, at: try store.destinations(of: token.id),
        vaults: Set(composition.configuration.vaults.map(\.name)), policies: policies.policies, at: at,
        tracking: tracking, quarantine: try store.quarantineOutlook(of: token, by: policies.policies, at: at),
        notices: try store.notices(of: token.id), waivers: ActiveWaivers(try store.waiversInForce(at: at)))
    let document = TimelineDocument(
        timeline: timeline, missing: try MissingValue(of: token, from: store), policies: policies.policies,
        schedule: composition.configuration.schedule, calendar: composition.configuration.freezeCalendar)
    if invocation.wantsJSON {
        invocation.output.document(document.json)
    } else {
        document.print(on: invocation.output)
        let selecting = zip(timeline.policies, policies.policies).filter { !$0.0.rules.isEmpty }.map(\.1)
        if selecting.countIdleTime, !actual.isWatched(at: now) {
            invocation.output.remark("\n" + (isHypothetical ? WatchRemark.then : WatchRemark.now))
        }
    }
    return .done
}
