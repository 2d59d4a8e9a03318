import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let webhookDeliveries = Command(
        words: ["webhook", "deliveries"],
        summary: "list events that were given up or wait to be sent, with the cause",
        discussion: """
            Dead letters come first: events whose receiver refused every attempt, wants no more, or is not
            configured any more. They are kept, and sent after all with 'rota webhook replay'.
            """,
        options: [
            Option("state", "STATE", help: "dead or waiting; else both"),
            Option("webhook", "NAME", help: "only those for this webhook"),
            Option("limit", "COUNT", help: "how many; 100"),
        ],
        examples: ["rota webhook deliveries --state dead", "rota webhook deliveries --json | jq .deliveries"],
        run: listDeliveries)

    static let webhookReplay = Command(
        words: ["webhook", "replay"],
        summary: "let dead letters be sent again",
        discussion: """
            What was given up waits again, with all its attempts before it; the next 'rota run' sends it, under
            the id that it had. A webhook that was taken out of the configuration has to be there again, under
            its name. With --dead, a webhook that was disabled by its receiver's 410 is asked again.
            """,
        operand: Operand(name: "EVENT", help: "the id of an event: evt_…", count: .optional),
        options: [
            Option("dead", help: "all dead letters"),
            Option("webhook", "NAME", help: "with --dead: only those for this webhook"),
        ],
        examples: [
            "rota webhook replay evt_0f3c…", "rota webhook replay --dead --webhook security",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: replayDeliveries)
}

private func listDeliveries(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let states =
        try arguments.choice("state", of: DeliveryRecord.State.self).map { [$0] }
        ?? DeliveryRecord.State.allCases
    let limit = try arguments.integer("limit", in: 1...100_000) ?? 100
    let webhook = arguments.value("webhook")
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    var deliveries: [DeliveryRecord] = []
    for state in states {
        try store.eachDelivery(state) { delivery in
            if webhook == nil || webhook == delivery.endpoint { deliveries.append(delivery) }
            return deliveries.count <= limit
        }
    }
    let isCut = deliveries.count > limit
    show(Array(deliveries.prefix(limit)), isCut: isCut, invocation)
    return .done
}

private func show(_ deliveries: [DeliveryRecord], isCut: Bool, _ invocation: Invocation) {
    let output = invocation.output
    guard !invocation.wantsJSON else {
        return output.document([
            "deliveries": .array(deliveries.map(\.json)), "more": .bool(isCut),
        ])
    }
    let now = invocation.clock.now()
    var table = Table(["event", "type", "time", "webhook", "state", "attempts", "next try", "cause"], on: output)
    for delivery in deliveries {
        table.add([
            delivery.event, delivery.type, delivery.at.description, delivery.endpoint,
            delivery.state.rawValue, String(delivery.attempts),
            delivery.state == .dead ? "-" : distance(to: delivery.nextAttemptAt, from: now),
            delivery.cause ?? "-",
        ])
    }
    table.finish()
    if deliveries.isEmpty { output.note("no deliveries") }
    if isCut { output.note("there are more; see --limit") }
}

private func replayDeliveries(_ invocation: Invocation) throws -> ExitCode {
    let event = invocation.arguments.operands.first
    let webhook = invocation.arguments.value("webhook")
    guard (event == nil) == invocation.arguments.has("dead"), event == nil || webhook == nil else {
        throw Failure.usage(
            "give the id of an event, or --dead for all dead letters", hint: "see 'rota webhook deliveries'")
    }
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let change = composition.change("webhook replay")
    let configured = Set(composition.configuration.webhooks.map(\.name))
    let done = try store.transaction {
        try replayDeadLetters(of: event, for: webhook, configured: configured, in: store, change: change)
    }
    let (replayed, unknown, enabled) = (done.count, done.unknown, done.enabled)
    if replayed == 0, !unknown.isEmpty {
        let names = unknown.map { "'\($0)'" }.joined(separator: ", ")
        throw Failure(
            "nothing waits again: the configuration has no webhook \(names)",
            hint: "configure it under that name again, then replay")
    }
    if let event, replayed == 0 {
        throw Failure(
            "there is no dead letter of the event '\(event)'",
            hint: "see 'rota webhook deliveries --state dead'")
    }
    if invocation.wantsJSON {
        invocation.output.document([
            "replayed": .integer(replayed), "enabled_again": .array(enabled.map { .string($0) }),
        ])
    } else {
        for name in enabled {
            invocation.output.line("webhook '\(printable(name))' is enabled again; 'rota run' sends what waits for it")
        }
        invocation.output.line(
            replayed == 0
                ? "there are no dead letters"
                : "\(counted(replayed, "dead letter")) \(replayed == 1 ? "waits" : "wait") again; "
                    + "'rota run' sends what waits")
    }
    for name in unknown {
        invocation.output.note("webhook '\(printable(name))' is not in the configuration: what is dead stays dead")
    }
    return .done
}
