import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let policyDiff = Command(
        words: ["policy", "diff"],
        summary: "show what changed policies would do differently to the tokens of this store",
        discussion: """
            Changes nothing. A changed file takes the place of the configured one of its name, and comes beside the
            others where there is none: to compare a changed copy, give it the name of the file that it is to replace.
            A directory takes the place of all. Every verdict and action that appears, vanishes or becomes another is
            told; pace, limits and schedules are named where they differ, and not applied. With --at both are judged as
            if it were then.
            """,
        operand: Operand(name: "CHANGED", help: "a policy file or a directory"),
        options: [
            Option("at", "TIME|SPAN", help: "judge as if it were then: 2027-01-31, or 30d from now"),
            AbridgedTable.option,
        ],
        examples: ["rota policy diff /tmp/production.yaml", "rota policy diff Policies.new --at 30d --json"],
        run: diffPolicies)
}

private func diffPolicies(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let at = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let composition = try Composition(invocation)
    let before = try composition.policies()
    let after = try composition.policies(with: invocation.arguments.operands[0])
    let store = try composition.openStore()
    defer { store.close() }
    let isHypothetical = invocation.arguments.has("at")
    let actual = try store.tracking()
    let tracking = isHypothetical ? .unbroken : actual
    let comparison = PolicyComparison(
        before: before, after: after, vaults: composition.configuration.vaultNames, tracking: tracking,
        waivers: ActiveWaivers(try store.waiversInForce(at: at)))
    let progress = TokenProgress("judging", store, on: invocation.output)
    let changes = before.changes(to: after)
    var totals = DifferenceTotals()
    if invocation.wantsJSON {
        var document = DocumentWriter(on: invocation.output)
        document.add("at", TokenDocument.time(at))
        document.add(
            "policies",
            .array(changes.map { DifferenceDocument.json($0) }))
        var judged = 0
        try document.add("tokens") { add in
            judged = try comparePolicies(comparison, at: at, in: store, progress: progress.show) { difference in
                totals.add(difference)
                add(DifferenceDocument.json(difference))
            }
        }
        document.add("totals", totals.json(judged: judged))
        document.finish()
        return .done
    }
    for change in changes {
        invocation.output.line(printable("policy '\(change.policy)': \(change.sentence)"))
    }
    if changes.isEmpty { invocation.output.line("the policies are the same") }
    var table = AbridgedTable(
        ["token", "policy", "rule", "before", "after"], on: invocation.output, title: "Verdicts and actions",
        isWhole: invocation.arguments.has("all"))
    let judged = try comparePolicies(comparison, at: at, in: store, progress: progress.show) { difference in
        totals.add(difference)
        for row in DifferenceDocument.rows(difference) { table.add(kind: "\(row[1]): \(row[3]) to \(row[4])", row) }
    }
    table.finish()
    totals.print(judged: judged, at: at, on: invocation.output)
    let countsIdleTime = before.policies.countIdleTime || after.policies.countIdleTime
    if isHypothetical, countsIdleTime, !actual.isWatched(at: now) { invocation.output.remark(WatchRemark.then) }
    return .done
}

/// How often what becomes what.
private struct DifferenceTotals {
    private struct Kind: Hashable {
        var policy: String
        var action: Action
    }

    private(set) var tokens = 0
    private var verdicts = 0
    private var before: [Kind: Int] = [:]
    private var after: [Kind: Int] = [:]

    mutating func add(_ difference: PolicyDifference) {
        tokens += 1
        verdicts += difference.rulings.count
        guard difference.changesAction else { return }
        // What is blocked is not done.
        if let action = difference.before, action.blocked == nil {
            before[Kind(policy: action.policy, action: action.action), default: 0] += 1
        }
        if let action = difference.after, action.blocked == nil {
            after[Kind(policy: action.policy, action: action.action), default: 0] += 1
        }
    }

    private var kinds: [Kind] {
        Set(before.keys).union(after.keys).sorted { ($0.policy, $0.action) < ($1.policy, $1.action) }
    }

    func json(judged: Int) -> JSON {
        [
            "judged": .integer(judged), "tokens": .integer(tokens), "verdicts": .integer(verdicts),
            "actions": .array(
                kinds.map { kind in
                    [
                        "policy": .string(kind.policy), "action": .string(kind.action.rawValue),
                        "appear": .integer(after[kind] ?? 0), "vanish": .integer(before[kind] ?? 0),
                    ]
                }),
        ]
    }

    func print(judged: Int, at now: Instant, on output: Output) {
        var table = Table(["policy", "action", "appear", "vanish"], on: output, title: "Actions in all")
        for kind in kinds {
            table.add([kind.policy, kind.action.rawValue, "+\(after[kind] ?? 0)", "-\(before[kind] ?? 0)"])
        }
        table.finish()
        if tokens > 0 { output.line() }
        output.line("\(counted(tokens, "token")) of \(judged) would be judged or treated differently; as of \(now)")
    }
}

/// A difference as it is shown.
private enum DifferenceDocument {
    static func rows(_ difference: PolicyDifference) -> [[String]] {
        var rows = difference.rulings.map { ruling in
            [difference.name, ruling.policy, ruling.rule, text(ruling.before), text(ruling.after)]
        }
        if difference.changesAction {
            rows.append([
                difference.name, "(action)", "", text(difference.before, difference.termsBefore),
                text(difference.after, difference.termsAfter),
            ])
        }
        return rows
    }

    private static func text(_ verdict: Verdict?) -> String {
        verdict.map { "\($0.status.rawValue), \($0.reason.code)" } ?? "-"
    }

    private static func text(_ action: PlannedAction?, _ terms: [String]) -> String {
        guard let action else { return "-" }
        return (["\(action.action.rawValue) by \(action.policy): \(action.rule)"] + terms).joined(separator: ", ")
            + (action.blocked.map { ", blocked: \($0.rawValue)" } ?? "")
    }

    static func json(_ change: PolicySet.Change) -> JSON {
        [
            "policy": .string(change.policy), "changed": .array(change.parts.map { .string($0) }),
            "values": .array(
                change.values.map {
                    ["part": .string($0.part), "before": .string($0.before), "after": .string($0.after)]
                }),
        ]
    }

    static func json(_ difference: PolicyDifference) -> JSON {
        [
            "token_id": .string(difference.tokenID.text), "name": .string(difference.name),
            "verdicts": .array(
                difference.rulings.map { ruling in
                    [
                        "policy": .string(ruling.policy), "rule": .string(ruling.rule), "before": json(ruling.before),
                        "after": json(ruling.after),
                    ]
                }),
            "action": difference.changesAction
                ? [
                    "before": json(difference.before), "after": json(difference.after),
                    "terms_before": .array(difference.termsBefore.map { .string($0) }),
                    "terms_after": .array(difference.termsAfter.map { .string($0) }),
                ] : .null,
        ]
    }

    private static func json(_ verdict: Verdict?) -> JSON {
        guard let verdict else { return .null }
        return [
            "status": .string(verdict.status.rawValue), "reason": .string(verdict.reason.code),
            "message": .string(verdict.reason.message),
        ]
    }

    private static func json(_ action: PlannedAction?) -> JSON {
        guard let action else { return .null }
        return [
            "action": .string(action.action.rawValue), "policy": .string(action.policy), "rule": .string(action.rule),
            "reason": .string(action.verdict.reason.code), "blocked": TokenDocument.text(action.blocked?.rawValue),
        ]
    }
}
