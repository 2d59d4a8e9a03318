package import Engine
import HTML
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
        try sink(pageEnd.bytes)
    }

    private func head(of facts: ReportFacts) -> Markup {
        pageHead("Token compliance, \(facts.at.day)", generator: facts.generator, store: facts.store)
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
