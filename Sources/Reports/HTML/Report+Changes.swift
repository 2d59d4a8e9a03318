import Engine
import HTML
import RotaCore

/// What is otherwise than in an earlier report.
extension Report {
    var changes: Markup {
        guard let comparison else { return "" }
        let policies: Markup =
            comparison.hasSamePolicies
            ? "The policies are the same." : "<strong>The policies are not the same</strong> as they were."
        let lists = ReportComparison.Change.allCases.map { list(comparison, $0) }
        return section(
            "changes", "What has changed",
            "Held against the \(comparison.earlier.word) of \(comparison.earlier.at.minute). \(policies)",
            totals(comparison), "\(lists)")
    }

    private func totals(_ comparison: ReportComparison) -> Markup {
        let rows = Verdict.Status.byGravity.map { status in
            let (before, now) = (comparison.before[status], comparison.now[status])
            return row(
                head(status.word.capitalizedFirst), numberCell(before), numberCell(now),
                numberCell(now > before ? "+\((now - before).grouped)" : (now - before).grouped))
        }
        return """
            \(table("Verdicts then and now", ["Status", .number("Then"), .number("Now"), .number("Change")], rows))
            <dl class="facts">\(fact("Tokens under policy then", comparison.tokensBefore.grouped))\
            \(fact("Tokens under policy now", comparison.tokensNow.grouped))\
            \(fact("New among them", comparison.newTokens.grouped))\
            \(fact("Gone since", comparison.goneTokens.grouped))\
            \(fact("Violating then and now", comparison.stillViolating.grouped))</dl>

            """
    }

    private func list(_ comparison: ReportComparison, _ change: ReportComparison.Change) -> Markup {
        guard let count = comparison.counts[change], let listed = comparison.listed[change] else { return "" }
        let rows = listed.map { entry in
            row(head(entry.name), cell(entry.rule.policy, below: entry.rule.rule), wideCell("\(entry.message)"))
        }
        let part = listed.count < count ? "\(listed.count.grouped) of \(count.grouped)" : count.grouped
        let isPast = change != .worsened && change != .arrived
        return table(
            "\(change.sentence): \(part)", ["Token", "Policy and rule", isPast ? "What was said then" : "Why"], rows)
    }
}

extension EarlierReport.Facts {
    /// What it is held against: of an instant that is rebuilt there need not have been a report.
    var word: String { isRebuilt ? "state" : "report" }
}

extension ReportComparison.Change {
    /// For people.
    var sentence: String {
        switch self {
        case .worsened: "Became violating"
        case .arrived: "Violating, and new"
        case .mended: "Mended"
        case .waived: "Violating then, waived now"
        case .unknown: "Violating then, not known now"
        case .gone: "Violating then, not judged any more"
        }
    }
}
