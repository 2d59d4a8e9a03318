package import HTML
import RotaCore

extension WaiversPage {
    package var title: String { "Waivers" }
    package var section: Section? { .waivers }

    package func content(in frame: Frame) -> Markup {
        let waiting = rows.filter { $0.waiver.state == .requested && $0.waiver.endsAt > frame.now }
        let inForce = rows.filter { $0.waiver.isInForce(at: frame.now) }.sorted { $0.waiver.endsAt < $1.waiver.endsAt }
        let open = Set((waiting + inForce).map(\.waiver.id))
        let over = rows.filter { !open.contains($0.waiver.id) }.sorted { $0.waiver.endsAt > $1.waiver.endsAt }
        return """
            \(heading(self, lede: lede,
                actions: frame.may(.askWaiver) ? button("/admin/waivers/new", "Ask for Waiver", "primary") : ""))
            \(rows.isEmpty ? "<div class=\"card flush\">\(none)</div>" as Markup : "")\
            \(waiting.isEmpty ? "" : card("waiting", "Waiting for approval", items(waiting, frame)))\
            \(inForce.isEmpty ? "" : card("in-force", "In force", items(inForce, frame)))\
            \(over.isEmpty ? "" : card("ended", "Ended", items(over, frame)))\
            \(paging("waivers", [], isContinued: isContinued, next: next))
            """
    }

    private var lede: Markup {
        hasAll
            ? "Dated, reasoned exceptions from policies: asked for by one, approved by another."
            : "Dated, reasoned exceptions from policies: those that you asked for. Somebody else approves them."
    }

    private var none: Markup {
        empty("No waiver", "One is asked for here or from a token’s page, and somebody else approves it.")
    }

    private func items(_ rows: [Row], _ frame: Frame) -> Markup {
        "<ul class=\"items\">\(rows.map { item($0, frame) })</ul>"
    }

    private func item(_ row: Row, _ frame: Frame) -> Markup {
        let waiver = row.waiver
        let subject: Markup =
            switch waiver.subject {
            case .token(let id): tokenLink(id, row.tokenName ?? id.text)
            case .matching(let selector): "\(selector.sentence.capitalizedFirst)"
            }
        var list: [(String, Markup)] = [
            ("Policy", "\(policyLink(waiver.policy, frame)), \(waiver.rule ?? "all rules")"),
            ("Asked by", "\(waiver.requester.name), \(time(waiver.requestedAt, frame.now))"),
            ("Ends", time(waiver.endsAt, frame.now)),
        ]
        if let approval = waiver.approval {
            let comment: Markup = approval.comment.isEmpty ? "" : ": \(approval.comment)"
            list.append(("Approved by", "\(approval.approver.name), \(time(approval.at, frame.now))\(comment)"))
        }
        if let ending = waiver.ending {
            list.append(("Ended", "\(time(ending.at, frame.now)) by \(ending.by): \(ending.cause)"))
        }
        return """
            <li class="item"><h3>\(subject) \(badge(waiver, frame.now)) <code class="quiet">\(waiver.id)</code></h3>
            <p>\(waiver.reason)</p>\(facts(list))\(decision(row, frame))</li>

            """
    }

    private func decision(_ row: Row, _ frame: Frame) -> Markup {
        let waiver = row.waiver
        guard waiver.obstacle(toWithdrawalAt: frame.now) == nil, frame.may(.waive) || row.isOwn else { return "" }
        let target: Markup = "/admin/waivers/\(encoded(waiver.id))"
        let id = encoded(waiver.id)
        var parts: [Markup] = []
        if waiver.state == .requested, frame.may(.waive) {
            if let obstacle = row.obstacle {
                parts.append(alert("warning", "You cannot approve it.", "\(obstacle)."))
            } else {
                let field = textField(
                    "comment-\(id)", "comment", "Comment", "", isOptional: true, attributes: " maxlength=\"1000\"")
                parts.append(form("\(target)/approve", frame, look: "line", field, submit("Approve")))
            }
        }
        let field = textField(
            "reason-\(id)", "reason", "Reason to withdraw it", "",
            attributes: " required=\"required\" maxlength=\"1000\"")
        parts.append(form("\(target)/withdraw", frame, look: "line", field, submit("Withdraw", "danger")))
        return "<div class=\"columns forms\">\(parts)</div>"
    }
}
