import Crypto
import Documents
import Engine
import JSON
import RotaCore
import Webhooks

extension Command {
    static let webhookTest = Command(
        words: ["webhook", "test"],
        summary: "send an event webhook.test now, and tell what the receiver answers",
        discussion: """
            It is signed and sent as every event is, once, whatever events the webhook asks for, and not tried
            again. Where it gets through, a webhook that was disabled by its receiver's 410 is enabled again.
            """,
        operand: Operand(name: "NAME", help: "a webhook of the configuration"),
        examples: ["rota webhook test security"],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: testWebhook)
}

private func testWebhook(_ invocation: Invocation) async throws -> ExitCode {
    let name = invocation.arguments.operands[0]
    let composition = try Composition(invocation)
    let webhooks = composition.configuration.webhooks
    guard let settings = webhooks.first(where: { $0.name == name }) else {
        throw Failure.usage(
            "there is no webhook '\(name)' in the configuration",
            hint: nearest(to: name, among: webhooks.map(\.name)).map { "did you mean '\($0)'?" }
                ?? "see 'rota webhook list'")
    }
    let (event, result) = try await settings.test(
        by: Process.actor, random: invocation.random, at: invocation.clock.now())
    let isEnabledAgain = try result.kind == .delivered && composition.enableWebhook(name)
    if invocation.wantsJSON {
        invocation.output.document(result.json(name, event, isEnabledAgain: isEnabledAgain))
    } else if result.kind == .delivered {
        let status = result.status.map { "status \($0)" } ?? "accepted"
        invocation.output.line("'\(name)' took \(event.id): \(status)")
        if isEnabledAgain { invocation.output.line("it is enabled again; 'rota run' sends what waits for it") }
    }
    guard result.kind != .delivered else { return .done }
    throw Failure(
        "'\(name)' did not take \(event.id): \(result.cause ?? "it was not accepted")",
        hint: "check its url, secret and allow-addresses in \(composition.configuration.file)")
}

extension Composition {
    /// Answers whether it was disabled. Where there is no store yet, it was not.
    fileprivate func enableWebhook(_ name: String) throws -> Bool {
        guard let store = try openExistingStore() else { return false }
        defer { store.close() }
        guard try store.disabledEndpoints().contains(where: { $0.name == name }) else { return false }
        return try store.transaction { try store.enableEndpoint(name, change: change("webhook test got through")) }
    }
}

extension WebhookSettings {
    /// Sends an event that nothing has happened for.
    func test(
        by actor: AuditActor, random: any RandomSource, at now: Instant
    ) async throws -> (event: OutgoingEvent, result: DeliveryResult) {
        let data: JSON = ["webhook": .string(name), "actor": .string(actor.name), "cause": "webhook test"]
        let event = OutgoingEvent(
            id: "evt_" + Hex.encode(random.bytes(16)), type: "webhook.test", at: now, data: data.serialized())
        let transport = WebhookTransport(endpoints: [try resolved()])
        return (event, await transport.deliver(event, to: endpoint, at: now))
    }
}

extension DeliveryResult {
    /// As `--json` shows the test of a webhook.
    func json(_ webhook: String, _ event: OutgoingEvent, isEnabledAgain: Bool) -> JSON {
        [
            "webhook": .string(webhook), "event": .string(event.id), "delivered": .bool(kind == .delivered),
            "status": status.map { .integer($0) } ?? .null, "cause": TokenDocument.text(cause),
            "enabled_again": .bool(isEnabledAgain),
        ]
    }
}
