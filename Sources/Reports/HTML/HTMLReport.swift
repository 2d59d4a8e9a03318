package import Engine
package import RotaCore

/// One self-contained page, without script and without anything from the network, for screen and paper.
///
/// It shows what all verdicts add up to; the rows themselves are in the CSV and the JSON.
package struct HTMLReport: ReportFormat {
    /// It has no rows, only sums and the foremost.
    package static let order = TokenOrder.unsorted

    private let sink: ByteSink

    package init(to sink: @escaping ByteSink) {
        self.sink = sink
    }

    package mutating func begin(_ facts: ReportFacts) throws {
        try sink(head(of: facts).bytes)
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling]) throws {}

    package mutating func end(_ report: Report) throws {
        let parts = [
            report.hero, report.cards, navigation, report.problems, report.posture, report.agesAndIdleness,
            report.comingExpiries, report.work, report.obstacles, report.exceptions, report.violations,
            report.owners, report.inventory, report.policiesAndControls, report.reading, report.about,
        ]
        for part in parts { try sink(part.bytes) }
        try sink(Array("</main></body></html>\n".utf8))
    }

    private func head(of facts: ReportFacts) -> Markup {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <meta name="referrer" content="no-referrer"/><meta name="generator" content="\(facts.generator)"/>
        <title>Token compliance, \(facts.at.day)</title>
        <style>
        \(styleSheet)
        </style></head>
        <body><main class="page">
        <header class="masthead"><div class="brand">\(mark)Rota</div>
        <div>Store <code>\(facts.store.instance)</code>, generation \
        \(Int(facts.store.generation))</div></header>

        """
    }

    /// A turn that comes round.
    private var mark: Markup {
        """
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 12a8 8 0 1 1-2.6-5.9" fill="none" \
        stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/><path class="fill-accent" \
        d="M21.8 2.6v6.6h-6.6z"/></svg>
        """
    }

    private var navigation: Markup {
        let targets: [(Markup, String)] = [
            ("wrong", "What is wrong"), ("posture", "Posture"), ("ages", "Age and idleness"),
            ("expiries", "Coming expiries"), ("work", "Work done"), ("obstacles", "Blocked and stalled"),
            ("waivers", "Waivers"), ("violations", "Violations"), ("owners", "Owners"), ("inventory", "Inventory"),
            ("policies", "Policies and controls"), ("reading", "How to read this"), ("about", "About"),
        ]
        let links: [Markup] = targets.map { "<li><a href=\"#\($0)\">\($1)</a></li>" }
        return "<nav aria-label=\"Sections\"><ul>\(links)</ul></nav>\n"
    }
}
