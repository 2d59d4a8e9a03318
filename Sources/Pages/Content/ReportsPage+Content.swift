package import HTML
import RotaCore

extension ReportsPage {
    package var title: String { "Reports" }
    package var section: Section? { .reports }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(self, lede: "How things stand now, and the evidence in full."))
        \(numbers)
        \(card("posture", "Posture", note: "Each live token that a policy selects, under the gravest of its verdicts.",
            bar(tokens, of: "Tokens"), legend(tokens)))\
        \(card("compliance", "Compliance report",
            note: "Every verdict as of now, with what was judged by and how far the facts are known.",
            "<ul class=\"downloads\">",
            download("html", "Page", "To read, print and hand over; one file, with charts."),
            download("csv", "CSV", "One row for every policy, rule and token."),
            download("json", "JSON", "The same, for programs."),
            download("oscal.json", "OSCAL", "Assessment results of NIST’s OSCAL, for tools of compliance."),
            download("junit.xml", "JUnit", "A test for each verdict, for build servers."),
            download("md", "Markdown", "The summary, for a wiki or a ticket."),
            download("inventory.csv", "Inventory", "One row for every live token: type, purpose, owner, end, renewal."),
            "</ul>"))\
        \(part)
        """
    }

    private var part: Markup {
        let owner = textField(
            "part-owner", "owner", "Owner", "", hint: "As <code>team-data</code> or <code>team-*</code>.",
            isOptional: true,
            attributes: " maxlength=\"200\"")
        return card(
            "part", "A part of it", note: "The tokens of some owners alone, or without names for somebody outside.",
            """
            <form method="get" action="/admin/reports/compliance.html" class="column">\(owner)
            <label class="box"><input type="checkbox" name="redact" value="true"/> Pseudonyms for names, and no free \
            text</label>
            <div class="form-end">\(submit("Page"))\
            \(submit("CSV", "", attributes: " formaction=\"/admin/reports/compliance.csv\""))\
            \(submit("Inventory", "", attributes: " formaction=\"/admin/reports/compliance.inventory.csv\""))</div>
            </form>
            """)
    }

    private var numbers: Markup {
        let active = states[.active, default: 0]
        let part = "\(share(tokens.violating, of: tokens.total)) of those under a policy"
        func heed(_ count: Int) -> Mood { count > 0 ? .heed : .plain }
        return figures([
            Figure("Active tokens", active, "\(states[.quarantined, default: 0].grouped) quarantined"),
            Figure("Violating", tokens.violating, part, tokens.violating > 0 ? .bad : .plain),
            Figure("Under no policy", uncovered, "judged by nobody", heed(uncovered)),
            Figure("Without an end", neverExpiring, "valid until revoked", heed(neverExpiring)),
            Figure("End within 30 days", endingSoon, "live tokens"),
            Figure("Without an owner", withoutOwner, "nobody to ask", heed(withoutOwner)),
            Figure("Never used", neverUsed, "since they are watched"),
            Figure("Being rotated", rotating + inOverlap, "\(inOverlap.grouped) in an overlap"),
        ])
    }

    private func download(_ format: Markup, _ name: String, _ text: String) -> Markup {
        """
        <li><a href="/admin/reports/compliance.\(format)"><strong>\(name)</strong>\
        <span class="quiet">\(text)</span></a></li>

        """
    }
}
