import Engine
import HTTPServer
import JSON
import Pages
import RotaCore

/// Waivers, webhooks and the audit log.
extension API {
    private static let perPage = 50

    /// Those that wait or are in force are on the first page, all of them; those that are over come page by page.
    func waiversPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let start = try visit.call.start(of: "waivers")
        return look(visit) { [self] store in
            func isOpen(_ waiver: Waiver) -> Bool {
                [.requested, .active].contains(waiver.state(at: visit.now))
            }
            let open = try start == nil ? store.waiversEnding(by: Instant(seconds: .max)).filter(isOpen) : []
            let (over, next) = try store.waivers(before: start, limit: Self.perPage + 1) {
                !isOpen($0) && visit.call.sees($0)
            }.page(of: Self.perPage)
            let rows = try (open.filter(visit.call.sees) + over).map { waiver in
                let obstacle = waiver.obstacle(
                    toApprovalBy: visit.call.principal, longest: configuration.longestWaiver, at: visit.now)
                return WaiversPage.Row(
                    waiver: waiver, tokenName: try store.tokenName(of: waiver),
                    obstacle: waiver.state(at: visit.now) == .requested ? obstacle?.message : nil,
                    isOwn: visit.call.asked(for: waiver))
            }
            return show(
                WaiversPage(
                    rows: rows, next: Cursor.text(next, of: "waivers"), isContinued: start != nil,
                    hasAll: visit.call.seesAll), visit)
        }
    }

    func approveWaiverFromPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let comment = try Self.remark(visit, "comment")
        return change(visit) { store in
            try Engine.approveWaiver(
                visit.call.name("waiver"), by: visit.call.principal, comment: comment,
                longest: configuration.longestWaiver, policies: configuration.policies.policies, in: store,
                at: visit.now)
        } then: { [self] _ in
            tellApproval(of: visit.call.name("waiver"), by: visit.call)
            return go("/admin/waivers", visit, .done, "The waiver is in force.")
        }
    }

    func withdrawWaiverFromPage(_ visit: Visit) throws -> Answer {
        let reason = try Self.remark(visit, "reason")
        return change(visit) { store in
            try visit.call.requireWithdrawing(try store.requireWaiver(visit.call.name("waiver")))
            return try Engine.withdrawWaiver(
                visit.call.name("waiver"), by: visit.call.principal, reason: reason, in: store, at: visit.now)
        } then: { [self] _ in
            go("/admin/waivers", visit, .done, "The waiver is withdrawn.")
        }
    }

    // MARK: - Webhooks

    /// How many deliveries of a state are looked through for what went wrong.
    private static let mostLookedAt = 1_000

    func webhooksPage(_ visit: Visit) -> Answer {
        let webhooks = parts.configuration().webhooks
        return look(visit) { [self] store in
            let disabled = try store.disabledEndpoints()
            let counts = try store.deliveryCountsByEndpoint()
            var trouble: [String: WebhooksPage.Trouble] = [:]
            for state in [DeliveryRecord.State.waiting, .dead] {
                var looked = 0
                try store.eachDelivery(state) { delivery in
                    looked += 1
                    guard let cause = delivery.cause else { return looked < Self.mostLookedAt }
                    trouble[delivery.endpoint] = WebhooksPage.Trouble(
                        at: delivery.at, status: delivery.status, cause: cause)
                    return looked < Self.mostLookedAt
                }
            }
            let rows = webhooks.map { webhook in
                let name = webhook.endpoint.name
                return WebhooksPage.Row(
                    name: name, events: webhook.events,
                    counts: counts[name] ?? DeliveryCounts(waiting: 0, delivered: 0, dead: 0),
                    trouble: trouble[name], disabled: disabled.first { $0.isOf(webhook.endpoint) })
            }
            return show(WebhooksPage(rows: rows), visit)
        }
    }

    func deliveriesPage(_ visit: Visit) throws -> Answer {
        let state = DeliveryRecord.State(rawValue: visit.asked("state")) ?? .dead
        let endpoint = visit.asked("endpoint").isEmpty ? nil : visit.asked("endpoint")
        let start = try visit.call.start(of: "deliveries")
        return look(visit) { [self] store in
            let (deliveries, next) = try store.deliveries(
                state, to: endpoint, after: start ?? 0, limit: Self.perPage + 1
            ).page(of: Self.perPage)
            return show(
                DeliveriesPage(
                    state: state, endpoint: endpoint, deliveries: deliveries,
                    next: Cursor.text(next, of: "deliveries"), isContinued: start != nil), visit)
        }
    }

    func replayFromPage(_ visit: Visit) throws -> Answer {
        let configured = Set(parts.configuration().webhooks.map(\.endpoint.name))
        let (event, webhook) = (visit.field("event"), visit.field("endpoint"))
        guard event.isEmpty != webhook.isEmpty else { throw Refused.senseless("name an event, or a webhook") }
        return change(visit) { store in
            try replayDeadLetters(
                of: event.isEmpty ? nil : event, for: webhook.isEmpty ? nil : webhook, configured: configured,
                in: store, change: visit.call.change("webhook replay"))
        } then: { [self] done in
            let how: Frame.Notice.Kind = done.count > 0 ? .done : .warning
            return go("/admin/webhooks", visit, how, "\(done.count) dead letters wait again.")
        }
    }

    func testWebhookFromPage(_ visit: Visit) throws -> Answer {
        let name = visit.call.name("webhook")
        guard parts.configuration().webhooks.contains(where: { $0.endpoint.name == name }) else {
            throw Refused.missing("webhook")
        }
        return undertake(visit) { [self] configuration in
            let done = try await configuration.testWebhook(name, visit.call.principal.actor)
            guard done["delivered"]?.bool == true else {
                let why = done["cause"]?.string ?? "it was not accepted"
                return go("/admin/webhooks", visit, .failed, "\(name) did not take the test event: \(why).")
            }
            let status = done["status"]?.integer.map { "with status \($0)" } ?? "it"
            return go("/admin/webhooks", visit, .done, "\(name) took the test event, \(status).")
        }
    }

    func sendFromPage(_ visit: Visit) throws -> Answer {
        let name = visit.field("endpoint")
        let endpoint = try endpoint(named: name)
        return change(visit) { store in
            try Self.hasten(endpoint, visit.call, in: store)
        } then: { [self] count in
            let said =
                count > 0
                ? "What waits for \(name) is due now: \(count). This page tells what comes of it."
                : "Nothing waits for a later attempt."
            return go("/admin/webhooks", visit, count > 0 ? .done : .warning, said)
        }
    }

    // MARK: - Audit

    /// It reads all of the log: where reports are made, two at a time.
    func verificationPage(_ visit: Visit) -> Answer {
        let keys = parts.configuration().auditKey.map { [$0] }
        return reporters.answer { [self] in
            do {
                return try parts.readers.read { store in
                    show(
                        AuditVerificationPage(
                            verdict: try store.verifyAudit(keys: keys), checkpoint: try store.newestCheckpoint(),
                            key: try store.checkpointKeys().last?.key), visit)
                }
            } catch {
                return page(for: error, visit)
            }
        }
    }

    func auditPage(_ visit: Visit) throws -> Answer {
        let text = visit.asked("cursor")
        let cursor = try text.isEmpty ? nil : Cursor.read(text, of: "audit")
        let object = visit.asked("object")
        return look(visit) { [self] store in
            var entries: [AuditEntry] = []
            // A token is known by its name as well.
            let id = try object.isEmpty ? nil : store.token(named: object)?.id.text ?? object
            try store.eachAuditEntry(below: cursor?.number ?? .max, object: id) { entry in
                entries.append(entry)
                return entries.count <= 50
            }
            var names: [String: String] = [:]
            for id in Set(entries.map(\.object)) where id.hasPrefix("tok_") {
                names[id] = try store.token(TokenID(id))?.name
            }
            let next = entries.count > 50 ? entries[49].number : nil
            return show(
                AuditPage(
                    object: object, entries: Array(entries.prefix(50)), names: names,
                    instance: try store.identity().instance,
                    next: next.map { Cursor(texts: [], number: $0).text(of: "audit") }, isContinued: cursor != nil),
                visit)
        }
    }
}
