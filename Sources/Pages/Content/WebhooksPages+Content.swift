import Engine
package import HTML
import RotaCore

/// What an endpoint answered, said once: a cause that is nothing but the status is put into words.
private func answer(_ status: Int?, _ cause: String) -> Markup {
    guard let status else { return Markup(text: cause) }
    let word = "status \(status)"
    if cause == word { return "It answered with status \(at: status)" }
    return cause.hasPrefix(word) ? Markup(text: cause.capitalizedFirst) : "\(at: status): \(cause)"
}

extension WebhooksPage {
    package var title: String { "Webhooks" }
    package var section: Section? { .webhooks }

    package func content(in frame: Frame) -> Markup {
        let cells = rows.map { row -> [Markup] in
            [
                "<strong>\(row.name)</strong>", state(row), tags(row.events, most: 4), "\(row.counts.delivered)",
                count(row.counts.waiting, .waiting, row.name), count(row.counts.dead, .dead, row.name),
                trouble(row, frame.now), again(row, frame),
            ]
        }
        let columns: [Column] = [
            "Endpoint", "State", "Events", .number("Delivered"), .number("Waiting"), .number("Dead"), "Last trouble",
            .hidden("Actions"),
        ]
        let dead = button(address("webhooks/deliveries", [("state", "dead")]), "Dead letters")
        return """
            \(heading(self, lede: "Who is told of events, and whether they hear.", actions: dead))
            <div class="card flush">\(rows.isEmpty
                ? empty("No endpoint", "Name one under <code>webhooks</code> in the configuration.")
                : table("Endpoints", columns, cells))</div>
            """
    }

    private func state(_ row: Row) -> Markup {
        if row.disabled != nil { return badge("disabled", .bad) }
        if row.counts.dead > 0 { return badge("has dead letters", .heed) }
        return row.counts.waiting > 0 ? badge("waiting", .accent) : badge("healthy", .good)
    }

    private func count(_ count: Int, _ state: DeliveryRecord.State, _ endpoint: String) -> Markup {
        guard count > 0 else { return "0" }
        return link(
            address("webhooks/deliveries", [("state", state.rawValue), ("endpoint", endpoint)]), "\(count)")
    }

    private func trouble(_ row: Row, _ now: Instant) -> Markup {
        if let disabled = row.disabled {
            return "It wants no more: \(disabled.cause)<span class=\"below\">\(relative(disabled.at, to: now))</span>"
        }
        guard let trouble = row.trouble else { return "<span class=\"quiet\">none</span>" }
        return "\(answer(trouble.status, trouble.cause))<span class=\"below\">\(relative(trouble.at, to: now))</span>"
    }

    private func again(_ row: Row, _ frame: Frame) -> Markup {
        guard frame.may(.replay) else { return "" }
        let of: Markup = "<span class=\"unseen\"> of \(row.name)</span>"
        let test: Markup = "Test<span class=\"unseen\"> \(row.name)</span>"
        var forms = [form("/admin/webhooks/\(encoded(row.name))/test", frame, submit(test, "small"))]
        if row.counts.waiting > 0, row.disabled == nil {
            forms.append(
                form(
                    "/admin/webhooks/send", frame, hidden("endpoint", row.name),
                    submit("Send waiting now\(of)", "small")))
        }
        if row.counts.dead > 0 {
            forms.append(
                form(
                    "/admin/webhooks/replay", frame, hidden("endpoint", row.name), submit("Replay dead\(of)", "small")))
        }
        return "<div class=\"row-actions\">\(forms)</div>"
    }
}

extension DeliveriesPage {
    package var title: String { state == .dead ? "Dead letters" : "Waiting deliveries" }
    package var section: Section? { .webhooks }

    package func content(in frame: Frame) -> Markup {
        let rows = deliveries.map { delivery -> [Markup] in
            [
                "<code>\(delivery.type)</code><span class=\"below\"><code>\(delivery.event)</code></span>",
                "\(delivery.endpoint)", twoLines(delivery.at, frame.now), "\(delivery.attempts)",
                answer(delivery.status, delivery.cause ?? "not tried yet"),
                state == .waiting ? twoLines(delivery.nextAttemptAt, frame.now) : again(delivery, frame),
            ]
        }
        let last: Column = state == .waiting ? "Next attempt" : .hidden("Actions")
        let of: Markup = endpoint.map { "of \($0)" } ?? "of all endpoints"
        return """
            \(heading(title, trail: [link("/admin/webhooks", "Webhooks")], lede: of, actions: all(frame)))
            \(tabs)
            <div class="card flush">\(rows.isEmpty
                ? empty("None", state == .dead ? "Everything was delivered, or waits to be." : "Nothing waits.")
                : table(title, ["Event", "Endpoint", "Since", .number("Attempts"), "Last answer", last], rows))</div>
            \(paging("webhooks/deliveries", [("state", state.rawValue), ("endpoint", endpoint ?? "")],
                isContinued: isContinued, next: next))
            """
    }

    private var tabs: Markup {
        let items = DeliveryRecord.State.allCases.map { other -> Markup in
            let here: Markup = other == state ? " aria-current=\"page\"" : ""
            let target = address("webhooks/deliveries", [("state", other.rawValue), ("endpoint", endpoint ?? "")])
            return "<li><a href=\"\(target)\"\(here)>\(other.rawValue.capitalizedFirst)</a></li>"
        }
        return "<nav class=\"tabs\" aria-label=\"State\"><ul>\(items)</ul></nav>"
    }

    private func all(_ frame: Frame) -> Markup {
        guard let endpoint, !deliveries.isEmpty, frame.may(.replay) else { return "" }
        if state == .waiting {
            return form("/admin/webhooks/send", frame, hidden("endpoint", endpoint), submit("Send all now"))
        }
        guard state == .dead else { return "" }
        return form("/admin/webhooks/replay", frame, hidden("endpoint", endpoint), submit("Replay all"))
    }

    private func again(_ delivery: DeliveryRecord, _ frame: Frame) -> Markup {
        guard frame.may(.replay) else { return "" }
        return form(
            "/admin/webhooks/replay", frame, hidden("event", delivery.event), submit("Replay", "small"))
    }
}
