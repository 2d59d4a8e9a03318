import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let approve = Command(
        words: ["approve"],
        summary: "approve a saved plan that somebody else asked for, at a running 'rota serve'",
        discussion: """
            An approval is given at a server, with --server and --token-file, or on its pages, and nowhere else: who can
            read the file of the store must not be able to approve in somebody else's name. Who approves presents a
            token of Rota that is his own, with the scope rota:operate or rota:admin: from --token-file, else from
            standard input, never on the command line. He is the owner of that token, or its name where it has none, and
            must be another one than who asked for the plan. The approval is for the plan's digest, and holds until
            --expires, or until the plan itself expires.

            \(Approval.withoutServer)
            """,
        operand: Operand(name: "PLAN-ID", help: "as 'rota plan list' shows it"),
        options: [
            Option("token-file", "FILE", help: "with --server: the approver's token"),
            Option("expires", "SPAN", help: "how long the approval holds; 24h"),
            Option("comment", "TEXT", help: "why, for the audit log"),
        ],
        examples: [
            "rota approve plan_0123456789ab --server https://rota.internal:8470 --token-file ~/.rota-token",
            "rota approve plan_0123456789ab --server unix:/run/rota/rota.sock --expires 2h < ~/.rota-token",
        ],
        exitCodes: [.done, .failed, .usage, .refused],
        run: { throw Approval.isElsewhere("rota approve", $0) })

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

/// Approvals are given where it is known who gives them.
enum Approval {
    /// For `--help`.
    static let withoutServer = """
        Where no server runs, run one for the purpose, on this machine alone: with this in rota.yaml, where it has no
        'server' yet,
            server: { listen: "unix:/run/rota/rota.sock" }
        say
            rota serve
        """

    /// Why a command that approves does nothing at home.
    static func isElsewhere(_ command: String, _ invocation: Invocation) -> Failure {
        let name = printable(invocation.arguments.operands.first ?? "")
        return .usage(
            "approvals are given at a running 'rota serve', where it is known who gives them",
            hint: "\(command) \(name) --server URL --token-file FILE, or on its pages; where none runs, "
                + "'\(command) --help' tells how to run one for the purpose")
    }
}

private func rejectPlan(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let (id, now) = (arguments.operands[0], invocation.clock.now())
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let hint = "rota reject \(printable(id)) --token-file FILE"
    let person =
        try arguments.value("token-file").map { try authenticate($0, in: store, at: now, hint: hint) }
        ?? Principal(account: Process.actor.name)
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
