import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let plan = Command(
        words: ["plan"],
        summary: "show the exact actions that a run would take now",
        discussion: """
            Changes nothing. A plan over a limit is shown all the same, with the reason why a run would refuse
            it, and exit code 4. With --at it is made as if it were then, for the tokens as they are now.

            Of a long plan the first actions are shown, those with the oldest deadlines, and the others counted by
            policy, action and reason, on a terminal or not; --json always has all of them.

            With --save the actions that would be taken, and those that wait for an approval, are written down as they
            are, for 'rota run --plan ID' to take once: see 'rota plan list' and 'rota plan show'. A plan over a limit,
            or made with --at, cannot be saved. Who asks for it is the account, or, with --token-file, whose token that
            is: what needs an approval is approved by somebody else.
            """,
        options: [
            Option("at", "TIME|SPAN", help: "plan as if it were then: 2027-01-31, or 30d from now"),
            Option("save", help: "write it down, to be approved and applied as it is"),
            Option("expires", "SPAN", help: "with --save: it can be applied for so long; 24h"),
            Option("token-file", "FILE", help: "with --save: a token of who asks, with rota:operate or rota:admin"),
            AbridgedTable.option,
        ],
        examples: [
            "rota plan", "rota plan --save --expires 8h", "rota plan --at 30d", "rota plan --all | less -S",
            "rota plan --json | jq '.actions[] | select(.blocked)'",
        ],
        exitCodes: [.done, .failed, .usage, .refused],
        run: showPlan)
}

private func showPlan(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let at = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let saving = try PlanSaving(invocation, at: now)
    let composition = try Composition(invocation)
    let (policies, texts) = try composition.policiesWithTexts()
    let store = try composition.openStore()
    defer { store.close() }
    let requester = try saving?.requester(in: store, invocation)
    let request = PlanRequest(
        policies: policies, limits: composition.configuration.limits,
        vaults: composition.configuration.vaultNames, at: at, hypothetical: invocation.arguments.has("at"))
    let progress = TokenProgress("planning", store, on: invocation.output)
    let result = try makePlan(request, from: store) { try progress.show($0) }
    var saved: SavedPlan?
    if let saving, let requester, result.refusal == nil {
        try store.keepPolicies(texts, change: composition.change("plan --save"))
        saved = try saving.save(result.plan, by: requester, in: store, random: invocation.random)
    }
    let (schedule, calendar) = (composition.configuration.schedule, composition.configuration.freezeCalendar)
    let brake = try store.brake(by: invocation.clock.reading(), at: at)
    if invocation.wantsJSON {
        PlanDocument.write(
            result, saved: saved.map { SavedPlanDocument.json($0, at: now) }, policies.policies, otherwise: schedule,
            calendar: calendar, brake, on: invocation.output)
    } else {
        BrakeDocument.warn(of: brake, on: invocation.output)
        composition.configuration.warnOfUntoldNotices(of: policies.policies, invocation)
        PlanDocument.print(
            result, policies.policies, isWhole: invocation.arguments.has("all"), on: invocation.output)
        WaivedDocument.print(result.waivers, result.waived, on: invocation.output)
        PlanDocument.printNotices(result.noticed, on: invocation.output)
        PlanDocument.printUnacted(result.findings, on: invocation.output)
        ConditionRemark.print(result.unanswered, on: invocation.output)
        PlanDocument.printRuns(
            of: result.plan, policies.policies, otherwise: schedule, calendar: calendar, on: invocation.output)
        if request.hypothetical, policies.policies.countIdleTime, !(try store.tracking().isWatched(at: now)) {
            invocation.output.remark(WatchRemark.then)
        }
        if let saved { SavedPlanDocument.printSaved(saved, on: invocation.output, at: now) }
    }
    guard let refusal = result.refusal else { return .done }
    invocation.output.failure(
        Failure(
            saving == nil ? "a run would refuse this plan: \(refusal)" : "the plan was not saved: \(refusal)",
            hint: limitHint(composition.configuration), code: .refused))
    return .refused
}

/// A plan as it is shown.
enum PlanDocument {
    /// - parameters:
    ///   - policies: all that are loaded.
    ///   - fallback: the schedule of those that have none of their own.
    ///   - calendar: when none of them acts.
    ///   - brake: why a run would take none of the actions.
    ///   - saved: the plan as it was saved.
    static func write(
        _ result: PlanResult, saved: JSON?, _ policies: [Policy], otherwise fallback: Schedule,
        calendar: FreezeCalendar?,
        _ brake: Brake?, on output: Output
    ) {
        let plan = result.plan
        var document = DocumentWriter(on: output)
        document.add("plan", json(plan))
        document.add("saved", saved ?? .null)
        document.add("actions", each: plan.actions) {
            json($0, result.failedAttempts[$0.tokenID], newEnd: newEnd($0, policies, at: plan.at))
        }
        document.add("noticed", each: result.noticed) { .string($0.text) }
        document.add("waived", WaivedDocument.json(result.waivers, result.waived))
        document.add(
            "totals",
            [
                "candidates": .integer(plan.candidates), "actions": .integer(plan.actions.count),
                "waiting": .integer(plan.actions.count { $0.waiting && $0.blocked == nil }),
                "blocked": .integer(plan.actions.count { $0.blocked != nil }),
            ])
        document.add("refusal", TokenDocument.text(result.refusal))
        document.add("held", BrakeDocument.json(brake))
        document.add(
            "schedules",
            ScheduleDocument.json(policies, otherwise: fallback, calendar: calendar, after: plan.at, fires: 1))
        document.finish()
    }

    private static func json(_ plan: Plan) -> JSON {
        [
            "id": .string(String(plan.digest.dropFirst("sha256:".count).prefix(12))),
            "digest": .string(plan.digest), "at": TokenDocument.time(plan.at),
            "policies_digest": .string(plan.policiesDigest), "generation": .integer(plan.generation),
            "generation_id": .string(plan.generationID),
        ]
    }

    private static func json(_ action: PlannedAction, _ failed: FailedAttempts?, newEnd: Instant?) -> JSON {
        [
            "token_id": .string(action.tokenID.text), "name": .string(action.name),
            "owner": .string(action.owner),
            "action": .string(action.action.rawValue), "policy": .string(action.policy),
            "rule": .string(action.rule),
            "reason": .string(action.verdict.reason.code), "message": .string(action.message),
            "deadline": TokenDocument.time(action.verdict.deadline),
            "blocked": TokenDocument.text(action.blocked?.rawValue), "waiting": .bool(action.waiting),
            "waiting_for": TokenDocument.text(action.waitingFor?.rawValue),
            "may_begin": TokenDocument.time(action.mayBegin), "new_end": TokenDocument.time(newEnd),
            "failed_attempts": action.action == .rotate ? TokenDocument.json(failed) : .null,
            "refused_uses": QuarantineDocument.json(action.refused),
            "covers": .array(
                action.covers.map { ["policy": .string($0.policy), "rule": .string($0.rule)] }),
        ]
    }

    /// - parameter isWhole: show every action, and not only the first ones of each group.
    static func print(_ result: PlanResult, _ policies: [Policy], isWhole: Bool, on output: Output) {
        let plan = result.plan
        func why(_ action: PlannedAction) -> String {
            self.why(action, newEnd: newEnd(action, policies, at: plan.at))
        }
        let headings = ["action", "token", "owner", "deadline", "policy", "rule"]
        var taken = AbridgedTable(headings + ["why"], on: output, isWhole: isWhole)
        for action in plan.actions where action.blocked == nil && !action.waiting {
            taken.add(kind: kind(action), row(action) + [why(action)])
        }
        taken.finish()
        var held = AbridgedTable(
            headings + ["why"], on: output, title: "Waiting: beyond the pace of the policy; later runs take them",
            isWhole: isWhole)
        for action in plan.actions where action.waitingFor == .pace {
            held.add(kind: kind(action), row(action) + [why(action)])
        }
        held.finish()
        var young = AbridgedTable(
            headings + ["not before", "why"], on: output,
            title: "Waiting: their notice is not as old as the policy asks; later runs take them", isWhole: isWhole)
        for action in plan.actions where action.waitingFor == .notice {
            young.add(kind: kind(action), row(action) + [action.mayBegin?.description ?? "-", why(action)])
        }
        young.finish()
        var asking = AbridgedTable(
            headings + ["why"], on: output, title: "Waiting for an approval: a run saves a plan of them",
            isWhole: isWhole)
        for action in plan.actions where action.waitingFor == .approval {
            asking.add(kind: kind(action), row(action) + [why(action)])
        }
        asking.finish()
        var stuck = AbridgedTable(
            headings + ["blocked because"], on: output, title: "Blocked: called for, but not possible",
            isWhole: isWhole)
        for action in plan.actions {
            guard let blocked = action.blocked else { continue }
            let failed = blocked == .vaultFailing ? result.failedAttempts[action.tokenID] : nil
            let why = failed.map { TokenDocument.sentence($0, from: plan.at) } ?? blocked.message
            stuck.add(kind: kind(action), row(action) + [why])
        }
        stuck.finish()
        if !plan.actions.isEmpty { output.line() }
        output.line(
            "\(counted(plan.actions.count, "action")): \(taken.rowCount) to be taken, "
                + "\(held.rowCount + young.rowCount + asking.rowCount) waiting, "
                + "\(stuck.rowCount) blocked; as of \(plan.at)")
        output.remark(
            "\(counted(plan.candidates, "token")) looked at: those whose age, use or end may call for something")
    }

    /// Whom a run would tell.
    static func printNotices(_ tokens: [TokenID], on output: Output) {
        guard !tokens.isEmpty else { return }
        output.line("notice of what is coming is due for \(counted(tokens.count, "token")); a run sends it")
    }

    /// What is wrong and in no plan, since its policy only looks.
    static func printUnacted(_ findings: Violations, on output: Output) {
        let seen = findings.count { $0.mode != .enforce }
        if seen > 0 {
            output.line(
                "\(counted(seen, "violation")) of policies that observe or warn are not acted on; see 'rota report'")
        }
    }

    /// When the policies that have actions run next by themselves.
    static func printRuns(
        of plan: Plan, _ policies: [Policy], otherwise fallback: Schedule, calendar: FreezeCalendar?,
        on output: Output
    ) {
        let acting = Set(plan.actions.lazy.map(\.policy))
        for policy in policies where acting.contains(policy.name) {
            let next = ScheduleDocument.next(policy, otherwise: fallback, calendar: calendar, after: plan.at)
            output.remark("'\(printable(policy.name))' runs next \(next)")
        }
    }

    /// What an action is counted as where it is not shown.
    private static func kind(_ action: PlannedAction) -> String {
        let reason = action.blocked?.rawValue ?? action.verdict.reason.code
        return "\(action.policy): \(action.action.rawValue), \(reason)"
    }

    private static func row(_ action: PlannedAction) -> [String] {
        [
            action.action.rawValue, action.name, action.owner, action.verdict.deadline?.description ?? "-",
            action.policy, action.rule,
        ]
    }

    /// The end that it gives its token, where it is taken as soon as it may be.
    private static func newEnd(_ action: PlannedAction, _ policies: [Policy], at now: Instant) -> Instant? {
        guard action.action == .setExpiry else { return nil }
        return policies.newEnd(
            of: action.tokenID, by: action.rule, of: action.policy, at: max(now, action.mayBegin ?? now))
    }

    private static func why(_ action: PlannedAction, newEnd: Instant?) -> String {
        let covered = action.covers.map { "\($0.policy)/\($0.rule)" }.joined(separator: ", ")
        let missed = action.refused.map { "; \($0.sentence)" } ?? ""
        let rest = covered.isEmpty ? "" : "; in place of what \(covered) calls for"
        let end = newEnd.map { "; it would end at \($0)" } ?? ""
        return action.message + end + missed + rest
    }
}

/// What to do about a plan that is over a limit.
func limitHint(_ configuration: Configuration) -> String {
    "a backlog is worked off in parts with 'pace: { actions: N }' in the policy; if all of it is meant, raise the "
        + "limit that is named, under 'limits' in \(configuration.file) or in the policy"
}
