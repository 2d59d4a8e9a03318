import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Vaults and webhooks, and what keeps anything from being done.
extension API {
    func listVaults(_ call: Call) throws -> Answer {
        let vaults = parts.configuration().vaults
        return read(call) { store in
            let counts = try store.destinationCounts()
            return .json([
                "vaults": .array(
                    vaults.map { $0.document.adding(["destinations": .integer(counts[$0.name] ?? 0)]) }),
                "not_configured": .array(
                    counts.keys.filter { name in !vaults.contains { $0.name == name } }.sorted().map { name in
                        ["name": .string(name), "destinations": .integer(counts[name] ?? 0)]
                    }),
            ])
        }
    }

    func checkVault(_ call: Call) throws -> Answer {
        _ = try FilledIn(try call.document(), known: []).finish()
        let name = call.name("vault")
        guard parts.configuration().vaults.contains(where: { $0.name == name }) else {
            throw Refused.missing("vault")
        }
        return perform(call) { configuration in .json(["vault": await configuration.tryVault(name)]) }
    }

    func listWebhooks(_ call: Call) throws -> Answer {
        let webhooks = parts.configuration().webhooks
        return read(call) { store in
            let disabled = try store.disabledEndpoints()
            return .json(["webhooks": .array(webhooks.map { json($0, disabled) })])
        }
    }

    private func json(_ webhook: ServedConfiguration.Webhook, _ disabled: [DisabledEndpoint]) -> JSON {
        [
            "name": .string(webhook.endpoint.name), "url": .string(webhook.shownURL),
            "events": .array(webhook.events.map { .string($0) }), "format": .string(webhook.format),
            "disabled": disabled.first { $0.isOf(webhook.endpoint) }?.json ?? .null,
        ]
    }

    func testWebhook(_ call: Call) throws -> Answer {
        _ = try FilledIn(try call.document(), known: []).finish()
        let name = call.name("webhook")
        guard parts.configuration().webhooks.contains(where: { $0.endpoint.name == name }) else {
            throw Refused.missing("webhook")
        }
        return perform(call) { configuration in
            .json(try await configuration.testWebhook(name, call.principal.actor))
        }
    }

    func listDeliveries(_ call: Call) throws -> Answer {
        let state = try call.choice("state", of: DeliveryRecord.State.self)
        let webhook = call.text("webhook")
        let configured = parts.configuration().webhooks.map(\.endpoint.name)
        let (limit, start) = (try call.limit(), try call.start(of: "deliveries"))
        return read(call) { [self] store in
            // One that was taken out of the configuration may have some still.
            if let webhook, !configured.contains(webhook) {
                let known = try configured + store.deliveryCountsByEndpoint().keys
                try requireKnown("webhook", webhook, among: known, call)
            }
            let (deliveries, next) = try store.deliveries(
                in: state.map { [$0] } ?? DeliveryRecord.State.allCases, to: webhook, after: start ?? 0,
                limit: limit + 1
            ).page(of: limit)
            return .json([
                "deliveries": .array(deliveries.map(\.json)), "more": .bool(next != nil),
                "next": Cursor.json(next, of: "deliveries"),
            ])
        }
    }

    func replayDeliveries(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["event", "webhook"])
        let (event, webhook) = (filled.text("event"), filled.text("webhook"))
        if event != nil, webhook != nil { filled.fault("give an event, or a webhook, or neither for all dead letters") }
        try filled.finish()
        let configured = Set(parts.configuration().webhooks.map(\.endpoint.name))
        return write(call) { store in
            let done = try replayDeadLetters(
                of: event, for: webhook, configured: configured, in: store, change: call.change("webhook replay"))
            return [
                "replayed": .integer(done.count), "enabled_again": .array(done.enabled.map { .string($0) }),
                "unknown": .array(done.unknown.map { .string($0) }),
            ]
        }
    }

    func sendDeliveries(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["webhook"])
        try filled.require("webhook")
        let name = filled.text("webhook") ?? ""
        try filled.finish()
        let endpoint = try endpoint(named: name)
        return write(call) { store in
            ["hastened": .integer(try Self.hasten(endpoint, call, in: store))]
        }
    }

    func endpoint(named name: String) throws -> Endpoint {
        guard let webhook = parts.configuration().webhooks.first(where: { $0.endpoint.name == name }) else {
            throw Refused.missing("webhook")
        }
        return webhook.endpoint
    }

    /// - throws: `Refused` with 409 where it wants nothing any more: nothing would be sent.
    static func hasten(_ endpoint: Endpoint, _ call: Call, in store: some Store) throws -> Int {
        guard try !store.disabledEndpoints().contains(where: { $0.isOf(endpoint) }) else {
            throw Refused.conflict(
                "'\(endpoint.name)' said that it wants no more, and is disabled",
                hint: call.isOfPage
                    ? "a test that it takes enables it again"
                    : "POST /v1/webhooks/\(endpoint.name)/test enables it again, where it takes the event",
                reason: "disabled")
        }
        return try store.hastenDeliveries(to: endpoint.name, change: call.change("webhook send"))
    }

    // MARK: - Brakes

    func showFreeze(_ call: Call) throws -> Answer {
        let watched = parts.brake()
        return read(call) { store in
            // What the daemon has seen of the clock, and what anybody has said since.
            let stored = try store.brake(at: call.now)
            var brake = stored
            if case .suspectClock? = watched { brake = stored ?? watched }
            return .json([
                "held": BrakeDocument.json(brake, call.face.worded),
                "freeze": BrakeDocument.json(try store.freeze(at: call.now)),
            ])
        }
    }

    /// A freeze of somebody is not undone by who does not know of it: one that is another says so.
    func freeze(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["reason", "ends_at", "replace"])
        let replaces = filled.truth("replace") ?? false
        let reason = filled.remark("reason", otherwise: "")
        if reason.isEmpty { filled.fault("reason: say why in a few words") }
        let end = filled.instant("ends_at")
        if let end, end <= call.now { filled.fault("ends_at: it would end before it begins") }
        try filled.finish()
        return write(call) { store in
            if let present = try store.freeze(at: call.now) {
                if present.reason == reason, present.endsAt == end {
                    return [
                        "held": BrakeDocument.json(.frozen(present), call.face.worded),
                        "freeze": BrakeDocument.json(present),
                    ]
                }
                guard replaces else {
                    throw Refused.conflict(
                        "\(present.actor) has frozen it since \(present.begunAt): \(present.reason)",
                        hint: "talk to who did; 'replace': true has yours take its place",
                        reason: "frozen-already")
                }
            }
            let freeze = Freeze(reason: reason, actor: call.principal.actor.name, begunAt: call.now, endsAt: end)
            try store.freeze(freeze, change: call.change(reason))
            return [
                "held": BrakeDocument.json(.frozen(freeze), call.face.worded), "freeze": BrakeDocument.json(freeze),
            ]
        }
    }

    func unfreeze(_ call: Call) throws -> Answer {
        let reason = call.text("reason") ?? ""
        if !reason.isEmpty, let fault = Remark.fault(of: reason) { throw Refused.senseless("reason: \(fault)") }
        return write(call) { store in
            let isEnded = try store.unfreeze(change: call.change(reason.isEmpty ? "unfreeze" : reason))
            return [
                "unfrozen": .bool(isEnded), "held": BrakeDocument.json(try store.brake(at: call.now), call.face.worded),
            ]
        }
    }
}
