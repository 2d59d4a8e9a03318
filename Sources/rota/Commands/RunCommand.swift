import Documents
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
            It lowers its own priority (nice 10): who asks a server on this machine for values goes first.
            It takes all policies, whatever their schedules say: times, windows and spread are kept by 'rota serve';
            where it acts outside a window, it says so.
            A plan over a limit is refused as a whole, with exit code 4. Exit code 5: some actions failed; or a
            rotation stands still, be it one of an earlier run whose next try has not come; or an action is blocked
            by something that a person must mend: a value that rota does not know, no destination, a vault that is
            not configured. That a token is another system's is no such thing.

            By a clock that is behind what the store has recorded, or has jumped since the last run, nothing is done;
            by one that jumps meanwhile, nothing more (exit code 4): set it right, or confirm it once with
            --trust-clock. While the store is frozen, or in safe mode since it was restored or copied, every action is
            skipped, and told (exit code 4); a freeze in the middle skips those that are left.

            What a policy wants approved waits: a plan of it is saved, once, and event plan.approval_needed tells of it.
            With --plan, exactly the actions of a saved plan are taken, and nothing else is done. Each is decided anew:
            what has changed since it was planned is skipped, and told. A plan is applied once; one that has expired, or
            was made by other policies, or lacks an approval that it needs, is refused (exit code 4).
            """,
        options: [
            Option("plan", "PLAN-ID", help: "apply this saved plan, and nothing else"),
            Option("deliver-within", "SPAN", help: "how long to deliver events at the end; 10s"),
            Option("trust-clock", help: "the clock is right, though it jumped, or the store has recorded later times"),
        ],
        examples: [
            "rota run", "rota run --quiet --deliver-within 1m", "rota run --plan plan_0123456789ab",
            "rota run --json | jq '.actions[] | select(.cause)'",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: carryOut)
}

private func carryOut(_ invocation: Invocation) async throws -> ExitCode {
    let deliverWithin = try invocation.arguments.span("deliver-within") ?? TimeSpan(seconds: 10)
    // The daemon watches its clock by itself, delivers by itself, and answers others.
    let isServed = invocation.surroundings != nil
    if !isServed {
        let courtesy = Courtesy()
        invocation.endings.add { courtesy.end() }
    }
    let composition = try Composition(invocation)
    let (policies, texts) = try composition.policiesWithTexts()
    let store = try composition.openQueue()
    let deliverer = try composition.deliverer(store)
    let output = invocation.output
    let progress = Progress(on: output)
    if !isServed { try await requireClock(of: store, invocation) }
    try await composition.keep(texts, in: store)
    let givenUp = isServed ? [:] : try await deliverer.giveUpUnconfigured()
    let report = try await composition.withVaults { vaults in
        let useCase =
            invocation.surroundings?.run
            ?? RunUseCase(
                store: store, rotator: composition.rotator(store, vaults), deliverer: deliverer,
                clock: invocation.clock, random: invocation.random)
        if let plan = invocation.arguments.value("plan") {
            return try await useCase.apply(
                plan, policies: policies, limits: composition.configuration.limits, actor: invocation.actor,
                watchesClock: !isServed, deliverWithin: isServed ? nil : deliverWithin, progress: progress.report)
        }
        return try await useCase.run(
            policies: policies, limits: composition.configuration.limits, actor: invocation.actor,
            by: invocation.principal, deliverWithin: isServed ? nil : deliverWithin, progress: progress.report)
    }
    // The daemon does so by itself.
    if !isServed, report.brake == nil {
        let pruner = Pruner(store: store, retention: composition.configuration.retention, clock: invocation.clock)
        _ = try await pruner.prune(actor: invocation.actor)
    }
    if !isServed, let failure = await composition.signAuditLog(store) {
        invocation.output.warning("the audit log is not signed: \(failure.message)")
    }
    if !isServed { await composition.tellWitnesses(store, within: deliverWithin) }
    if invocation.wantsJSON {
        RunDocument(report, givenUp, policies.policies).write(on: output)
    } else {
        composition.configuration.warnOfUntoldNotices(of: policies.policies, invocation)
        RunDocument(report, givenUp, policies.policies).print(
            on: output, noticesAreTaken: composition.configuration.isNoticeTaken)
        ConditionRemark.print(report.unanswered, on: output)
        if report.refusal == nil, report.brake == nil {
            WindowRemark.print(
                report.plan, policies.policies, otherwise: composition.configuration.schedule,
                calendar: composition.configuration.freezeCalendar, on: output)
        }
    }
    if let refusal = report.refusal {
        throw Failure(
            "the plan was refused, and nothing of it done: \(refusal)",
            hint: limitHint(composition.configuration), code: .refused)
    }
    if let brake = report.brake {
        let what = report.hasActed ? "no more was done" : "no action was taken"
        throw Failure("\(what): \(brake.message)", hint: brake.hint, code: .refused)
    }
    // A rotation that stands still has a cause; one that only waits for its overlap has none.
    let stands =
        !report.stalled.isEmpty || report.actions.contains { $0.outcome == .started && $0.cause != nil }
        || report.recovery.rotations.contains { $0.outcome == .failed || $0.outcome == .blocked || $0.isStalled }
    let isBlocked = report.actions.contains(where: \.needsMending)
    return report.count(.failed) > 0 || stands || isBlocked ? .partlyFailed : .done
}

/// Nothing is done by a clock that is behind what the store has recorded, or has moved as none does, until somebody
/// confirms it.
private func requireClock(of store: StoreQueue, _ invocation: Invocation) async throws {
    let reading = invocation.clock.reading()
    guard let doubt = try await store.write({ try $0.doubt(of: reading) }) else { return }
    guard invocation.arguments.has("trust-clock") else {
        throw Failure(
            "the clock is suspect, and nothing was done: \(doubt.message)",
            hint: Brake.suspectClock(doubt).hint, code: .refused)
    }
    let change = Change(actor: Process.actor, at: reading.wall, cause: "run --trust-clock")
    try await store.write { store in
        try store.trustClock(doubt, change: change)
        store.keepClock(ClockMark(trusted: reading))
    }
    invocation.output.note("the clock is trusted, though \(doubt.message)")
}

/// A run as it is shown.
private struct RunDocument {
    private let report: RunReport
    /// What was given up because its webhook is not configured any more.
    private let givenUp: [String: Int]
    private let policies: [Policy]
    /// Rotations of earlier plans that stand still.
    private let before: [RecordedAction]
    /// When what stands still is tried again.
    private let nextAttempts: [TokenID: Instant]

    init(_ report: RunReport, _ givenUp: [String: Int], _ policies: [Policy]) {
        self.policies = policies
        self.report = report
        self.givenUp = givenUp
        before = report.stalledBefore.map(\.action)
        nextAttempts = Dictionary(
            report.stalled.map { ($0.action.tokenID, $0.nextAttemptAt) }, uniquingKeysWith: { first, _ in first })
    }

    /// Those of the plan, and what stands still from before; made one by one.
    private var actions: some Sequence<RecordedAction> {
        let count = report.actions.count
        return (0..<count + before.count).lazy.map { $0 < count ? report.actions[$0] : before[$0 - count] }
    }

    private func count(_ outcome: Outcome) -> Int {
        report.count(outcome) + before.count { $0.outcome == outcome }
    }

    private func nextAttempt(of action: RecordedAction) -> Instant? {
        action.action == .rotate && action.outcome == .started ? nextAttempts[action.tokenID] : nil
    }

    /// The end that it has given its token.
    private func newEnd(of action: RecordedAction) -> Instant? {
        guard action.action == .setExpiry, action.outcome == .done else { return nil }
        return policies.newEnd(of: action.tokenID, by: action.rule, of: action.policy, at: action.at)
    }

    // MARK: JSON

    func write(on output: Output) {
        var document = DocumentWriter(on: output)
        document.add(
            "run",
            [
                "id": .string(report.id), "plan": .string(report.plan.digest),
                "saved_plan": TokenDocument.text(report.savedPlan),
                "started": TokenDocument.time(report.startedAt),
                "finished": TokenDocument.time(report.finishedAt),
                "refused": TokenDocument.text(report.refusal),
            ])
        document.add("actions", each: actions, json)
        document.add("held", BrakeDocument.json(report.brake))
        document.add("totals", .object(JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(count($0))) })))
        document.add("recovered", .integer(report.recovery.rotations.count))
        document.add("recovery", each: report.recovery.rotations) { rotation in
            [
                "token_id": .string(rotation.tokenID.text),
                "name": TokenDocument.text(report.names[rotation.tokenID]),
                "outcome": .string(rotation.outcome.rawValue),
                "cause": TokenDocument.text(rotation.cause), "remark": TokenDocument.text(rotation.remark),
            ]
        }
        document.add("awaiting_approval", each: report.awaiting) { SavedPlanDocument.json($0, at: report.finishedAt) }
        document.add("notices", .integer(report.notices))
        document.add("waived", WaivedDocument.json(report.waivers, report.waived))
        document.add("retired", .integer(report.recovery.retired))
        document.add("expired", .integer(report.expired))
        document.add(
            "deliveries",
            [
                "delivered": .integer(report.deliveries.delivered),
                "failed": .integer(report.deliveries.failed),
                "dead": .integer(report.deliveries.dead), "waiting": .integer(report.waitingDeliveries),
                "unconfigured": .integer(givenUp.values.reduce(0, +)),
                "disabled": .array(report.deliveries.disabled.keys.sorted().map { .string($0) }),
            ])
        document.finish()
    }

    private func json(_ action: RecordedAction) -> JSON {
        RunRecordDocument.json(action, newEnd: newEnd(of: action), nextAttemptAt: nextAttempt(of: action))
    }

    // MARK: Text

    func print(on output: Output, noticesAreTaken: Bool) {
        var table = Table(["outcome", "action", "token", "policy", "rule", "why"], on: output)
        // Who was told once is not told every night.
        for action in actions where !(action.action == .notify && action.outcome == .skipped) {
            table.add([
                action.outcome.rawValue, action.action.rawValue, action.name, action.policy, action.rule, why(action),
            ])
        }
        table.finish()
        if !report.actions.isEmpty || !before.isEmpty { output.line() }
        if report.refusal == nil {
            output.line(Outcome.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", "))
        }
        WaivedDocument.print(report.waivers, report.waived, on: output)
        if report.waiverEnds.expired > 0 { output.line("\(counted(report.waiverEnds.expired, "waiver")) ended") }
        if report.waiverEnds.expiring > 0 {
            output.line("\(counted(report.waiverEnds.expiring, "notice")) of coming ends of waivers sent")
        }
        if report.notices > 0 {
            let how = noticesAreTaken ? "sent" : "written down, and taken by no webhook"
            output.line("\(counted(report.notices, "notice")) of coming actions \(how)")
        }
        for plan in report.awaiting {
            let state = SavedPlanDocument.status(plan, at: report.finishedAt)
            output.line(
                printable(
                    "\(plan.id): \(counted(plan.actions, "action")) of '\(plan.policy ?? "")', \(state); "
                        + SavedPlanDocument.next(plan, at: report.finishedAt)))
        }
        printRecovery(on: output)
        printDeliveries(report.deliveries, waiting: report.waitingDeliveries, on: output)
    }

    private func why(_ action: RecordedAction) -> String {
        let why = (action.cause ?? action.message) + (newEnd(of: action).map { "; it ends at \($0)" } ?? "")
        guard let next = nextAttempt(of: action) else { return why }
        return "\(why); next try \(distance(to: next, from: report.finishedAt))"
    }

    private func printRecovery(on output: Output) {
        let recovery = report.recovery
        if !recovery.rotations.isEmpty || recovery.retired > 0 || report.expired > 0 {
            let stuck = recovery.rotations.count { $0.isStalled }
            output.line(
                "from before: \(counted(recovery.rotations.count, "rotation")) taken up, "
                    + "\(stuck) of them stuck; \(counted(recovery.retired, "value")) retired; "
                    + "\(counted(report.expired, "token")) expired"
            )
        }
        let shown = Set(before.map(\.tokenID))
        for rotation in recovery.rotations {
            let name = report.names[rotation.tokenID] ?? rotation.tokenID.text
            if let remark = rotation.remark { output.warning("'\(printable(name))': \(printable(remark))") }
            // What stands still, or is held, is in the table.
            if let cause = rotation.cause, !rotation.isStalled, !shown.contains(rotation.tokenID) {
                output.warning("'\(printable(name))': \(rotation.outcome.rawValue): \(printable(cause))")
            }
        }
    }

    private func printDeliveries(_ totals: DeliveryTotals, waiting: Int, on output: Output) {
        for (endpoint, count) in givenUp.sorted(by: { $0.key < $1.key }) {
            output.warning(
                "webhook '\(printable(endpoint))' is not configured any more: "
                    + "\(counted(count, "delivery", "deliveries")) given up; see 'rota webhook deliveries'")
        }
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
