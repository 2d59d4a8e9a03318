package import HTML
import RotaCore

extension NewWaiverPage {
    package var title: String { "Ask for a Waiver" }
    package var section: Section? { .waivers }

    package func content(in frame: Frame) -> Markup {
        let home = frame.person?.sees.contains(.waivers) ?? false ? [link("/admin/waivers", "Waivers")] : []
        let lede: Markup = "A dated exception for one token. Nothing is waived before somebody else approves it."
        guard frame.may(.askWaiver) else {
            let advice: Markup = "Your roles do not allow it: ask somebody who issues tokens or operates Rota."
            return "\(heading(title, trail: home, lede: lede))\(alert("failed", "You cannot do this.", advice))"
        }
        return """
            \(heading(title, trail: home, lede: lede))
            \(token.map { request($0, frame) } ?? search)
            """
    }

    /// Which token it is about.
    private var search: Markup {
        let field = textField(
            "token", "token", "Token", "", hint: "Its name, or its id.", error: errors["token"],
            attributes: " required=\"required\" maxlength=\"200\"")
        return card(
            "which", "Which token",
            """
            <form method="get" action="/admin/waivers/new" class="column">\(field)
            <div class="form-end">\(submit("Go on"))\(button("/admin/waivers", "Cancel"))</div></form>
            """)
    }

    private func request(_ token: Token, _ frame: Frame) -> Markup {
        guard !choices.isEmpty else {
            return alert(
                "warning", "There is nothing to waive.",
                "No policy selects \(tokenLink(token.id, token.name)) as it is.")
        }
        let rows = choices.filter { $0.rule != nil }.map { choice -> [Markup] in
            [
                "\(choice.policy)<span class=\"below\">\(choice.rule ?? "")</span>",
                choice.verdict.map { badge($0.status) } ?? "",
                choice.verdict.map { "\($0.reason.message.capitalizedFirst)." } ?? "",
            ]
        }
        return """
            \(card("verdicts", "What the policies say", note: "Of \(tokenLink(token.id, token.name)), now.",
                table("Verdicts", ["Policy and rule", "Status", "Why"], rows)))\
            \(card("ask", "What is asked for", fields(token, frame)))
            """
    }

    private func fields(_ token: Token, _ frame: Frame) -> Markup {
        let options = choices.map { ($0.value, "\($0.policy), \($0.rule ?? "all rules")") }
        return form(
            "/admin/waivers", frame, look: "column", hidden("token", token.id.text),
            choice("rule", "rule", "Rule", options, chosen: chosen),
            textArea(
                "reason", "reason", "Reason", reason, hint: "Whoever approves it goes by this.",
                error: errors["reason"], rows: 2, attributes: " required=\"required\" maxlength=\"1000\""),
            timeField(
                "ends", "Ends, in UTC", ends, hint: "At most \(longest.spoken) from now: no waiver is for ever.",
                error: errors["ends"], attributes: " required=\"required\""),
            """
            <div class="form-end">\(submit("Ask for Waiver"))\(button(address(of: token.id), "Cancel"))</div>
            """)
    }
}
