import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let planList = Command(
        words: ["plan", "list"],
        summary: "list the saved plans, latest first",
        options: [Option("limit", "COUNT", help: "how many at the most; 50")],
        examples: ["rota plan list", "rota plan list --json | jq '.plans[] | select(.status == \"ready\")'"],
        run: listPlans)

    static let planShow = Command(
        words: ["plan", "show"],
        summary: "show a saved plan with its actions, as they were saved",
        operand: Operand(name: "PLAN-ID", help: "as 'rota plan --save' printed it"),
        options: [AbridgedTable.option],
        examples: ["rota plan show plan_0123456789ab"],
        exitCodes: [.done, .failed, .usage, .refused],
        run: showSavedPlan)
}

/// What `rota plan --save` is asked for; nil where it is not.
struct PlanSaving {
    private let tokenFile: String?
    private let expiresAt: Instant
    private let now: Instant

    init?(_ invocation: Invocation, at now: Instant) throws {
        let arguments = invocation.arguments
        guard arguments.has("save") else {
            for option in ["expires", "token-file"] where arguments.has(option) {
                throw Failure.usage("--\(option) goes with --save", hint: "write rota plan --save --\(option) ...")
            }
            return nil
        }
        guard !arguments.has("at") else {
            throw Failure.usage(
                "a plan as of another time cannot be saved, since it cannot be applied",
                hint: "leave --at or --save out")
        }
        tokenFile = arguments.value("token-file")
        expiresAt = now + (try arguments.positiveSpan("expires") ?? .hours(24))
        self.now = now
    }

    func requester(in store: any Store, _ invocation: Invocation) throws -> Principal {
        guard let tokenFile else { return invocation.principal }
        return try authenticate(tokenFile, in: store, at: now, hint: "rota plan --save --token-file FILE")
    }

    func save(
        _ plan: Plan, by requester: Principal, in store: any Store, random: any RandomSource
    ) throws -> SavedPlan {
        try store.transaction {
            let change = Change(actor: requester.actor, at: now, cause: "plan --save")
            return try savePlan(
                plan, as: newPlanID(random), by: requester, expiresAt: expiresAt, in: store, change: change)
        }
    }
}

extension Arguments {
    /// A length of time of more than nothing.
    func positiveSpan(_ name: String) throws(Failure) -> TimeSpan? {
        guard let span = try span(name) else { return nil }
        guard span > .zero else {
            throw .usage("--\(name): it would expire at once", hint: "write --\(name) 24h")
        }
        return span
    }
}

private func listPlans(_ invocation: Invocation) throws -> ExitCode {
    let limit = try invocation.arguments.integer("limit", in: 1...1_000_000) ?? 50
    let now = invocation.clock.now()
    let composition = try Composition(invocation)
    let loaded = composition.loadedPolicies?.digest
    let store = try composition.openStore()
    defer { store.close() }
    let plans = try store.savedPlans(limit: limit)
    if invocation.wantsJSON {
        invocation.output.document(["plans": .array(plans.map { SavedPlanDocument.json($0, at: now, loaded) })])
        return .done
    }
    var table = Table(["plan", "status", "actions", "policy", "asked for by", "made", "until"], on: invocation.output)
    for plan in plans {
        table.add([
            plan.id, SavedPlanDocument.status(plan, at: now, loaded), String(plan.actions), plan.policy ?? "all",
            plan.requester.name, plan.at.description, plan.expiresAt.description,
        ])
    }
    table.finish()
    if plans.isEmpty { invocation.output.line("no plan is saved; see 'rota plan --save'") }
    return .done
}

private func showSavedPlan(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let output = invocation.output
    let composition = try Composition(invocation)
    let policies = composition.loadedPolicies
    let store = try composition.openStore()
    defer { store.close() }
    let plan = try store.requirePlan(invocation.arguments.operands[0])
    if invocation.wantsJSON {
        try SavedPlanDocument.write(plan, policies, from: store, at: now, on: output)
        return .done
    }
    var table = AbridgedTable(
        ["action", "token", "owner", "deadline", "policy", "rule", "why"], on: output,
        isWhole: invocation.arguments.has("all"))
    try store.eachSavedAction(of: plan.id, in: .ofPlan) { action in
        table.add(
            kind: "\(action.policy): \(action.action.rawValue), \(action.reason)",
            [
                action.action.rawValue, action.name, action.owner, action.deadline?.description ?? "-",
                action.policy, action.rule,
                action.message
                    + (SavedPlanDocument.newEnd(action, of: plan, policies, at: now).map { "; it would end at \($0)" }
                        ?? ""),
            ])
        return true
    }
    table.finish()
    if plan.actions > 0 { output.line() }
    SavedPlanDocument.print(plan, policies, on: output, at: now)
    return .done
}

extension SavedPlanDocument {
    static func write(
        _ plan: SavedPlan, _ policies: PolicySet?, from store: any Store, at now: Instant, on output: Output
    ) throws {
        var document = DocumentWriter(on: output)
        document.add("plan", json(plan, at: now, policies?.digest))
        var actions: [JSON] = []
        try store.eachSavedAction(of: plan.id, in: .ofPlan) { action in
            actions.append(json(action, newEnd: newEnd(action, of: plan, policies, at: now)))
            return true
        }
        document.add("actions", .array(actions))
        document.finish()
    }

    static func print(_ plan: SavedPlan, _ policies: PolicySet?, on output: Output, at now: Instant) {
        var fields = Fields()
        fields.add("plan", plan.id)
        fields.add("status", status(plan, at: now, policies?.digest))
        fields.add("digest", plan.digest)
        fields.add("policy", plan.policy ?? "all")
        let account = plan.requester.name == plan.requester.account ? "" : ", from \(plan.requester.account)"
        fields.add("asked for by", plan.requester.name + account)
        fields.add("made", spoken(plan.at, from: now))
        fields.add("until", spoken(plan.expiresAt, from: now))
        if let approval = plan.approval {
            let comment = approval.comment.isEmpty ? "" : ": \(approval.comment)"
            fields.add("approved by", "\(approval.approver), until \(spoken(approval.expiresAt, from: now))\(comment)")
        }
        if let end = plan.end {
            fields.add(end.kind.rawValue, "\(spoken(end.at, from: now)) by \(end.by): \(end.cause)")
        }
        fields.print(on: output)
    }

    /// After the plan itself: what is to be done with it.
    static func printSaved(_ plan: SavedPlan, on output: Output, at now: Instant) {
        output.line()
        output.line(
            printable(
                "saved as \(plan.id) until \(spoken(plan.expiresAt, from: now)), with "
                    + "\(counted(plan.actions, "action")); \(next(plan, at: now))"))
    }

    /// What is to be done with a plan that is open.
    static func next(_ plan: SavedPlan, at now: Instant) -> String {
        guard plan.needsApproval, plan.approval(at: now) == nil else { return "apply it: rota run --plan \(plan.id)" }
        return "\(plan.requester.others) approves it: rota approve \(plan.id) --server URL"
    }
}
