import Documents
import Engine
import JSON
import RotaCore
import Webhooks

extension Command {
    static let webhookList = Command(
        words: ["webhook", "list"],
        summary: "list the configured webhooks",
        discussion: """
            A receiver that answered 410 is disabled: nothing is sent to it and what waits for it is kept, until
            'rota webhook test' gets through, 'rota webhook replay' asks for it, or its url is another one.
            """,
        examples: ["rota webhook list"],
        exitCodes: [.done, .failed, .usage],
        run: listWebhooks)
}

private func listWebhooks(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let webhooks = composition.configuration.webhooks
    let disabled = webhooks.isEmpty ? [:] : try composition.disabledWebhooks()
    if invocation.wantsJSON {
        invocation.output.document([
            "webhooks": .array(
                webhooks.map { webhook in
                    [
                        "name": .string(webhook.name), "url": .string(webhook.shownURL),
                        "events": .array(webhook.events.map { .string($0) }),
                        "format": .string(webhook.format.rawValue),
                        "disabled": disabled[webhook.name]?.json ?? .null,
                    ]
                })
        ])
        return .done
    }
    let now = invocation.clock.now()
    var table = Table(["name", "url", "events", "format", "state"], on: invocation.output)
    for webhook in webhooks {
        table.add([
            webhook.name, webhook.shownURL, webhook.events.joined(separator: " "), webhook.format.rawValue,
            disabled[webhook.name].map { "disabled \(distance(to: $0.at, from: now)): \($0.cause)" } ?? "enabled",
        ])
    }
    table.finish()
    if webhooks.isEmpty { invocation.output.note("no webhooks are configured") }
    return .done
}

extension Composition {
    /// The configured webhooks whose receivers want no more events, by name.
    ///
    /// Where there is no store yet, nobody has been asked.
    func disabledWebhooks() throws -> [String: DisabledEndpoint] {
        guard let store = try openExistingStore() else { return [:] }
        defer { store.close() }
        return disabledWebhooks(in: try store.disabledEndpoints())
    }

    /// Those of a list that are still the receivers which the configuration has.
    func disabledWebhooks(in list: [DisabledEndpoint]) -> [String: DisabledEndpoint] {
        let configured = configuration.webhooks.map(\.endpoint)
        let disabled = list.filter { disabled in configured.contains { disabled.isOf($0) } }
        return Dictionary(disabled.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension WebhookSettings {
    /// Without a path and a query, which may hold a credential.
    var shownURL: String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count > 3 && !parts[3].isEmpty ? parts[..<3].joined(separator: "/") + "/…" : url
    }
}
