import JSON
import Webhooks

extension Command {
    static let webhookList = Command(
        words: ["webhook", "list"],
        summary: "list the configured webhooks",
        examples: ["rota webhook list"],
        exitCodes: [.done, .usage],
        run: listWebhooks)
}

private func listWebhooks(_ invocation: Invocation) throws -> ExitCode {
    let webhooks = try Configuration.load(invocation.arguments).webhooks
    if invocation.wantsJSON {
        invocation.output.document([
            "webhooks": .array(
                webhooks.map { webhook in
                    [
                        "name": .string(webhook.name), "url": .string(webhook.shownURL),
                        "events": .array(webhook.events.map { .string($0) }),
                        "format": .string(webhook.format.rawValue),
                    ]
                })
        ])
        return .done
    }
    var table = Table(["name", "url", "events", "format"], on: invocation.output)
    for webhook in webhooks {
        table.add([
            webhook.name, webhook.shownURL, webhook.events.joined(separator: " "), webhook.format.rawValue,
        ])
    }
    table.finish()
    if webhooks.isEmpty { invocation.output.note("no webhooks are configured") }
    return .done
}

extension WebhookSettings {
    /// Without a path and a query, which may hold a credential.
    fileprivate var shownURL: String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count > 3 && !parts[3].isEmpty ? parts[..<3].joined(separator: "/") + "/…" : url
    }
}
