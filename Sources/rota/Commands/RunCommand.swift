import Engine
import JSON
import RotaCore

extension Command {
    static let run = Command(
        words: ["run"],
        summary: "do what the policies call for: recover, plan, guard, act, record, tell",
        discussion: """
            Finishes what earlier runs began, makes the plan and carries it out, opens and closes findings,
            and delivers events. Safe to repeat, to interrupt, and to run twice at once: put it into a timer.
            A plan over a limit is refused as a whole, with exit code 4. Exit code 5: some actions failed, or are
            blocked by something that a person must mend: a value that rota does not know, no destination, a
            vault that is not configured. That a token is another system's is no such thing.
            """,
        options: [
            Option("deliver-within", "SPAN", help: "how long to deliver events at the end; 10s")
        ],
        examples: [
            "rota run", "rota run --quiet --deliver-within 1m",
            "rota run --json | jq '.actions[] | select(.cause)'",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: carryOut)
}

private func carryOut(_ invocation: Invocation) async throws -> ExitCode {
    let deliverWithin = try invocation.arguments.span("deliver-within") ?? TimeSpan(seconds: 10)
    let composition = try Composition(invocation)
    let policies = try composition.policies()
    let store = try composition.openQueue()
    let deliverer = try composition.deliverer(store)
    let output = invocation.output
    let report = try await composition.withVaults { vaults in
        let useCase = RunUseCase(
            store: store, rotator: composition.rotator(store, vaults), deliverer: deliverer,
            clock: invocation.clock, random: invocation.random)
        return try await useCase.run(
            policies: policies, limits: composition.configuration.limits, actor: Process.actor,
            deliverWithin: deliverWithin
        ) { progress in
            output.progress("\(progress.finished) of \(counted(progress.total, "action"))")
        }
    }
    if invocation.wantsJSON {
        output.document(RunDocument.json(report))
    } else {
        RunDocument.print(report, on: output)
    }
    if let refusal = report.refusal {
        throw Failure(
            "the plan was refused, and nothing of it done: \(refusal)",
            hint: limitHint(composition.configuration), code: .refused)
    }
    // A rotation that stands still has a cause; one that only waits for its overlap has none.
    let stands =
        report.actions.contains { $0.outcome == .started && $0.cause != nil }
        || report.recovery.rotations.contains { $0.outcome == .failed || $0.outcome == .blocked || $0.isStalled }
    let isBlocked = report.actions.contains(where: \.needsMending)
    return report.count(.failed) > 0 || stands || isBlocked ? .partlyFailed : .done
}

/// A run as it is shown.
private enum RunDocument {
    static func json(_ report: RunReport) -> JSON {
        [
            "run": [
                "id": .string(report.id), "plan": .string(report.plan.digest),
                "started": TokenDocument.time(report.startedAt),
                "finished": TokenDocument.time(report.finishedAt),
                "refused": TokenDocument.text(report.refusal),
            ],
            "actions": .array(report.actions.map(json)), "totals": totals(report),
            "recovered": .integer(report.recovery.rotations.count),
            "recovery": .array(
                report.recovery.rotations.map { rotation in
                    [
                        "token_id": .string(rotation.tokenID.text),
                        "name": TokenDocument.text(report.names[rotation.tokenID]),
                        "outcome": .string(rotation.outcome.rawValue),
                        "cause": TokenDocument.text(rotation.cause),
                    ]
                }),
            "retired": .integer(report.recovery.retired),
            "expired": .integer(report.expired),
            "deliveries": [
                "delivered": .integer(report.deliveries.delivered),
                "failed": .integer(report.deliveries.failed),
                "dead": .integer(report.deliveries.dead), "waiting": .integer(report.waitingDeliveries),
                "disabled": .array(report.deliveries.disabled.keys.sorted().map { .string($0) }),
            ],
        ]
    }

    private static func totals(_ report: RunReport) -> JSON {
        .object(JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(report.count($0))) }))
    }

    private static func json(_ action: RecordedAction) -> JSON {
        [
            "token_id": .string(action.tokenID.text), "name": .string(action.name),
            "action": .string(action.action.rawValue), "policy": .string(action.policy),
            "rule": .string(action.rule),
            "reason": .string(action.reason), "message": .string(action.message),
            "deadline": TokenDocument.time(action.deadline), "outcome": .string(action.outcome.rawValue),
            "blocked": TokenDocument.text(action.blocked?.rawValue), "cause": TokenDocument.text(action.cause),
            "at": TokenDocument.time(action.at),
        ]
    }

    static func print(_ report: RunReport, on output: Output) {
        var table = Table(["outcome", "action", "token", "policy", "rule", "why"], on: output)
        // Who was told once is not told every night.
        for action in report.actions where !(action.action == .notify && action.outcome == .skipped) {
            table.add([
                action.outcome.rawValue, action.action.rawValue, action.name, action.policy, action.rule,
                action.cause ?? action.message,
            ])
        }
        table.finish()
        if !report.actions.isEmpty { output.line() }
        if report.refusal == nil {
            output.line(Outcome.allCases.map { "\(report.count($0)) \($0.rawValue)" }.joined(separator: ", "))
        }
        let recovery = report.recovery
        if !recovery.rotations.isEmpty || recovery.retired > 0 || report.expired > 0 {
            let stuck = recovery.rotations.count { $0.isStalled }
            output.line(
                "from before: \(counted(recovery.rotations.count, "rotation")) taken up, "
                    + "\(stuck) of them stuck; \(counted(recovery.retired, "value")) retired; "
                    + "\(counted(report.expired, "token")) expired"
            )
        }
        for rotation in recovery.rotations {
            if let cause = rotation.cause {
                let name = report.names[rotation.tokenID] ?? rotation.tokenID.text
                output.warning("'\(printable(name))': \(rotation.outcome.rawValue): \(printable(cause))")
            }
        }
        printDeliveries(report.deliveries, waiting: report.waitingDeliveries, on: output)
    }

    private static func printDeliveries(_ totals: DeliveryTotals, waiting: Int, on output: Output) {
        for (endpoint, cause) in totals.disabled.sorted(by: { $0.key < $1.key }) {
            output.warning(
                "webhook '\(printable(endpoint))' wants no more events (\(printable(cause))): what is for it waits "
                    + "until 'rota webhook test \(printable(endpoint))' gets through")
        }
        guard totals.delivered + totals.failed + totals.dead + waiting > 0 else { return }
        let failed = totals.failed > 0 ? " (\(totals.failed) failed, to be tried again)" : ""
        output.line(
            "events: \(totals.delivered) delivered, \(waiting) waiting\(failed), \(totals.dead) given up")
        for (endpoint, cause) in totals.resting.sorted(by: { $0.key < $1.key }) {
            output.warning("webhook '\(printable(endpoint))': \(printable(cause))")
        }
    }
}
