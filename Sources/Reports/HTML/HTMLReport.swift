package import Engine
import HTML
package import RotaCore

/// One self-contained page, without script and without anything from the network, for screen and paper.
///
/// It shows what all verdicts add up to, and the foremost of the rows behind each number; all of them are in the
/// CSV and the JSON.
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

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {}

    package mutating func end(_ report: Report) throws {
        let parts = [
            report.hero, report.cards, navigation(report), report.problems, report.changes, report.posture,
            report.controlMatrix, report.agesAndIdleness, report.comingExpiries, report.trend, report.work,
            report.obstacles, report.exceptions, report.violations, report.otherRows, report.owners,
            report.securityInventory,
            report.inventory, report.originsSection, report.noticesSection, report.loadedPolicies, report.dataFiles,
            report.reading, report.about,
        ]
        for part in parts { try sink(part.bytes) }
        try sink(pageEnd.bytes)
    }

    private func head(of facts: ReportFacts) -> Markup {
        pageHead("Token compliance, \(facts.at.day)", generator: facts.generator, store: facts.store)
    }

    private func navigation(_ report: Report) -> Markup {
        var targets: [(Markup, String)] = [
            ("wrong", "What is wrong"), ("posture", "Posture"), ("controls", "Controls"),
            ("ages", "Age and idleness"), ("expiries", "Coming expiries"), ("trend", "Trend"), ("work", "Work done"),
            ("obstacles", "Blocked and stalled"), ("waivers", "Waivers"), ("violations", "Violations"),
            ("others", "Due and not known"), ("owners", "Owners"), ("register", "Security inventory"),
            ("inventory", "Inventory facts"), ("origins", "What this was built from"), ("notices", "Notices"),
            ("policies", "Policies"), ("data", "Data files"),
            ("reading", "How to read this"), ("about", "About"),
        ]
        if report.comparison != nil { targets.insert(("changes", "What has changed"), at: 1) }
        let links: [Markup] = targets.map { "<li><a href=\"#\($0)\">\($1)</a></li>" }
        return "<nav aria-label=\"Sections\"><ul>\(links)</ul></nav>\n"
    }
}
