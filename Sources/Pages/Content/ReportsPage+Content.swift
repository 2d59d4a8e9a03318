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
        \(another)
        \(frame.person?.sees.contains(.audit) ?? false ? evidence : "")
        """
    }

    private var another: Markup {
        let owner = textField(
            "report-owner", "owner", "Owner", "", hint: "As <code>team-data</code> or <code>team-*</code>.",
            isOptional: true, attributes: " maxlength=\"200\"")
        let asOf = timeField(
            "as_of", "As of", "", hint: "UTC. Everything as it was then, rebuilt from the audit log.",
            isOptional: true)
        let signed: Markup =
            isSigned
            ? """
            <label class="box"><input type="checkbox" name="signed" value="true"/> In an archive with its signature, \
            for <code>rota report verify</code></label>

            """ : ""
        return card(
            "another", "Another report",
            note: "The tokens of some owners alone, of a day in the past, or without names for somebody outside.",
            """
            <form method="get" action="/admin/reports/compliance.html" class="column">\(owner)\(asOf)
            <label class="box"><input type="checkbox" name="redact" value="true"/> Pseudonyms for names, and no free \
            text</label>
            \(signed)<div class="form-end">\(submit("Page"))\
            \(submit("CSV", "", attributes: " formaction=\"/admin/reports/compliance.csv\""))\
            \(submit("JSON", "", attributes: " formaction=\"/admin/reports/compliance.json\""))\
            \(submit("Inventory", "", attributes: " formaction=\"/admin/reports/compliance.inventory.csv\""))</div>
            </form>
            """)
    }

    private var evidence: Markup {
        let signed: Markup =
            isSigned
            ? "Its sums are signed within it: unpack it, and verify SHA256SUMS."
            : "It is not signed: the audit log has no key."
        return card(
            "evidence", "Evidence for an auditor",
            note: """
                The report in every format, policies, waivers, notices, the audit log of the period and its proofs, of \
                one moment, in one archive. \(signed)
                """,
            """
            <form method="get" action="/admin/reports/evidence.zip" class="column">\
            \(choiceOfPeriod)<div class="form-end">\(submit("Archive"))</div>
            </form>
            """)
    }

    private var choiceOfPeriod: Markup {
        textField(
            "period", "period", "Period", "90d", hint: "How far back, as <code>30d</code> or <code>365d</code>.",
            attributes: " maxlength=\"20\"")
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
