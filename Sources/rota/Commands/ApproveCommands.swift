import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let approve = Command(
        words: ["approve"],
        summary: "approve a saved plan that somebody else asked for",
        discussion: """
            Who approves presents a token of Rota that is his own, with the scope rota:operate or rota:admin: from
            --token-file, else from standard input, never on the command line. He is the owner of that token, or its
            name where it has none, and must be another one than who asked for the plan. What was asked for without
            a token is approved from another account only, whatever token is presented. The approval is for the plan's
            digest, and holds until --expires, or until the plan itself expires.
            """,
        operand: Operand(name: "PLAN-ID", help: "as 'rota plan list' shows it"),
        options: [
            Option("token-file", "FILE", help: "read the approver's token from this file"),
            Option("expires", "SPAN", help: "how long the approval holds; 24h"),
            Option("comment", "TEXT", help: "why, for the audit log"),
        ],
        examples: [
            "rota approve plan_0123456789ab --token-file ~/.rota-token",
            "rota approve plan_0123456789ab --expires 2h --comment 'change 4711' < ~/.rota-token",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: approvePlan)

    static let reject = Command(
        words: ["reject"],
        summary: "refuse or withdraw a saved plan, approved or not, so that it is never applied",
        discussion: "Anybody who may use the store may do so, the one who asked for the plan, too.",
        operand: Operand(name: "PLAN-ID", help: "as 'rota plan list' shows it"),
        options: [
            Option("token-file", "FILE", help: "say who does it by a token, and not by the account"),
            Option("comment", "TEXT", help: "why, for the audit log"),
        ],
        examples: ["rota reject plan_0123456789ab --comment 'not during the audit'"],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: rejectPlan)
}

private func approvePlan(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let id = arguments.operands[0]
    let span = try arguments.positiveSpan("expires") ?? .hours(24)
    let comment = try arguments.remark("comment")
    let composition = try Composition(invocation)
    let policies = try composition.policies()
    let store = try composition.openStore()
    defer { store.close() }
    let hint = "rota approve \(printable(id)) --token-file FILE"
    let approver = try authenticate(arguments.value("token-file"), in: store, at: invocation.clock.now(), hint: hint)
    let now = invocation.clock.now()
    let plan = try store.transaction {
        try approve(
            id, by: approver, for: span, comment: comment, policiesDigest: policies.digest, in: store, at: now)
    }
    if invocation.wantsJSON {
        invocation.output.document(["plan": SavedPlanDocument.json(plan, at: now)])
        return .done
    }
    let end = plan.approval.map { spoken($0.expiresAt, from: now) } ?? ""
    invocation.output.line(
        printable("approved by \(approver.name) until \(end); apply it: rota run --plan \(plan.id)"))
    return .done
}

private func rejectPlan(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let (id, now) = (arguments.operands[0], invocation.clock.now())
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let hint = "rota reject \(printable(id)) --token-file FILE"
    let person =
        try arguments.value("token-file").map { try authenticate($0, in: store, at: now, hint: hint) }
        ?? Principal(account: Process.actor)
    let plan = try store.transaction {
        try withdraw(id, by: person, comment: try arguments.remark("comment"), in: store, at: now)
    }
    if invocation.wantsJSON {
        invocation.output.document(["plan": SavedPlanDocument.json(plan, at: now)])
    } else {
        invocation.output.line(printable("withdrawn by \(person.name); \(plan.id) is never applied"))
    }
    return .done
}
