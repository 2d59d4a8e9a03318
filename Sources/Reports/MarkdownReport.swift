package import Engine
package import RotaCore

/// The summary as Markdown (CommonMark with tables), for a wiki, a ticket or a pull request: what is wrong comes first.
package struct MarkdownReport: ReportFormat {
    package static let order = TokenOrder.unsorted
    /// How many of the worst tokens are listed.
    private static let mostListed = 50

    private let sink: ByteSink

    package init(to sink: @escaping ByteSink) { self.sink = sink }

    package mutating func begin(_ facts: ReportFacts) throws {}

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling]) throws {}

    package mutating func end(_ report: Report) throws {
        let text = [
            opening(report), worst(report), postures(report), controls(report), owners(report), closing(report),
        ]
        try sink(Array(text.filter { !$0.isEmpty }.joined(separator: "\n").utf8))
    }

    private func opening(_ report: Report) -> String {
        let (facts, summary) = (report.facts, report.summary)
        let judged =
            facts.hypothetical ? "judged as if it were \(facts.at) (made \(facts.madeAt))" : "as of \(facts.at)"
        let tokens = summary.tokens
        let verdict =
            tokens.violating == 0
            ? "No token violates a policy." : "**\(tokens.violating) of \(tokens.total) tokens violate a policy.**"
        return """
            # API token compliance

            \(judged), of instance `\(facts.store.instance)`, by \(escaped(facts.generator))

            \(verdict) \(tokens.due) are due, \(tokens.waived) waived, \(tokens.unknown) unknown; \
            \(summary.uncovered) of \(summary.evaluated) live tokens are under no policy.

            """
    }

    private func worst(_ report: Report) -> String {
        let worst = report.summary.worstOffenders(Self.mostListed)
        guard !worst.isEmpty else { return "" }
        let rows = worst.map { broken in
            [
                broken.name, broken.owner, "\(broken.policy): \(broken.rule)", broken.message,
                broken.deadline?.description ?? "", broken.blocked?.message ?? "",
            ]
        }
        let count = report.summary.tokens.violating
        return "## Violations\n\n"
            + table(["Token", "Owner", "Rule", "Why", "Since", "In the way"], rows)
            + (count > worst.count ? "\nThe \(worst.count) longest overdue of \(count) tokens.\n" : "")
    }

    private func postures(_ report: Report) -> String {
        let rows = zip(report.facts.policies.policies, report.summary.policies).map { policy, posture in
            [policy.name, policy.mode.rawValue] + numbers(posture.tokens)
        }
        return "## Policies\n\n" + table(["Policy", "Mode"] + Self.statuses, rows)
    }

    private func controls(_ report: Report) -> String {
        guard !report.summary.controls.isEmpty else { return "" }
        let rows = report.summary.controls.map { control in
            [control.framework, control.control, control.policies.joined(separator: ", ")] + numbers(control.verdicts)
        }
        return "## Controls\n\nVerdicts of the policies that serve each control.\n\n"
            + table(["Framework", "Control", "Policies"] + Self.statuses, rows)
    }

    private func owners(_ report: Report) -> String {
        let rows = report.summary.owners.filter { $0.tokens.violating > 0 }.map { owner in
            [owner.owner.isEmpty ? "(nobody)" : owner.owner] + numbers(owner.tokens)
        }
        guard !rows.isEmpty else { return "" }
        return "## Owners with violations\n\n" + table(["Owner"] + Self.statuses, rows)
    }

    private func closing(_ report: Report) -> String {
        let revoked = report.summary.revocationsCount
        return """
            ## Period

            Since \(report.facts.since): \(revoked) tokens revoked, \
            \(report.summary.verdicts.waived) verdicts waived. Policies `\(report.facts.policies.digest)`.

            """
    }

    private static let statuses = Verdict.Status.allCases.map(\.rawValue.capitalizedFirst)

    private func numbers(_ counts: StatusCounts) -> [String] { Verdict.Status.allCases.map { String(counts[$0]) } }

    private func table(_ columns: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
        return line(columns) + line(columns.map { _ in "---" }) + rows.map { line($0.map(escaped)) }.joined()
    }

    /// Text of anybody's making, as text: neither markup nor HTML, on one line.
    private func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "!", "|", ">", "~", "@":
                result.append("\\")
                result.append(scalar)
            default: result.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
            }
        }
        // A bare address would become a link.
        return String(result).replacing("://", with: ":\\//")
    }
}
