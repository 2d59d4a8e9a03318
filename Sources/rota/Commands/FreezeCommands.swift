import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let freeze = Command(
        words: ["freeze"],
        summary: "stop everything destructive: nothing is rotated, retired, revoked by policy or expired",
        discussion: """
            For a release, an incident, or holidays. Values are answered for as ever, plans and reports are made,
            events are delivered; runs skip their actions and end with exit code 4, and an open rotation waits as
            it is. It ends by itself with --for or --until, else with 'rota unfreeze'. A further freeze takes its
            place. 'rota token revoke --emergency' goes past it.
            """,
        options: [
            Option("reason", "TEXT", required: true, help: "why, for everybody who finds it frozen"),
            Option("for", "SPAN", help: "ends after so long: 3d, 12h"),
            Option("until", "TIME", help: "ends then: 2027-01-02T06:00:00Z"),
            Option("replace", help: "in place of another freeze at a server, which refuses it otherwise"),
        ],
        examples: [
            "rota freeze --reason 'release 4.2' --for 12h",
            "rota freeze --reason 'year end' --until 2027-01-04",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: freezeStore)

    static let unfreeze = Command(
        words: ["unfreeze"],
        summary: "let rotations and everything else go on after a freeze",
        discussion: "What has become due meanwhile is done by the next run, within limits and paces.",
        options: [Option("reason", "TEXT", help: "why, for the audit log")],
        examples: ["rota unfreeze", "rota unfreeze --reason 'the release is out'"],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: unfreezeStore)
}

private func freezeStore(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let now = invocation.clock.now()
    let reason = arguments.value("reason") ?? ""
    guard !reason.allSatisfy(\.isWhitespace) else {
        throw Failure.usage("--reason is empty", hint: "say why in a few words")
    }
    guard !(arguments.has("for") && arguments.has("until")) else {
        throw Failure.usage("--for and --until are given", hint: "give one of them")
    }
    let end = try arguments.span("for").map { now + $0 } ?? arguments.instant("until")
    if let end, end <= now { throw Failure.usage("it would end before it begins", hint: "give a time to come") }
    let composition = try Composition(invocation)
    let store = try composition.openStore(composition.urgentPatience)
    defer { store.close() }
    let freeze = Freeze(reason: reason, actor: Process.actor.name, begunAt: now, endsAt: end)
    try store.transaction { try store.freeze(freeze, change: composition.change(reason)) }
    if invocation.wantsJSON {
        invocation.output.document(["held": BrakeDocument.json(.frozen(freeze))])
    } else {
        invocation.output.line(
            printable("frozen \(end.map { "until \(spoken($0, from: now))" } ?? "until 'rota unfreeze'"): \(reason)"))
    }
    return .done
}

private func unfreezeStore(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let reason = invocation.arguments.value("reason") ?? "unfreeze"
    let (ended, brake) = try store.transaction {
        let change = composition.change(reason)
        return (try store.unfreeze(change: change), try store.brake(at: change.at))
    }
    if invocation.wantsJSON {
        invocation.output.document(["unfrozen": .bool(ended), "held": BrakeDocument.json(brake)])
        return .done
    }
    invocation.output.line(ended ? "not frozen any more" : "it was not frozen")
    BrakeDocument.warn(of: brake, on: invocation.output)
    return .done
}
