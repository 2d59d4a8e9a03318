import Engine
import HTML
import RotaCore

/// The rows behind the other numbers, and where all rows are.
extension Report {
    var otherRows: Markup {
        section(
            "others", "Due, not known, and under no policy",
            """
            What is to be done next, what too little is known of, and what nobody judges: the foremost of each. A \
            token has a row for each rule.
            """,
            anchored("due", dueRows), anchored("unknown", unknownRows), anchored("uncovered", uncoveredRows))
    }

    private var dueRows: Markup {
        guard summary.verdicts.due > 0 else { return nothing("Nothing is due.") }
        let rows = summary.rows.due.map { listed in
            row(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.deadline?.day ?? "–"),
                wordsCell(listed.blocked?.message ?? ""))
        }
        return table(
            "Due, nearest deadline first: \(count(rows.count, of: summary.verdicts.due, "verdict"))",
            ["Token and owner", "Policy and rule", "Why", "Deadline", "In the way"], rows)
    }

    private var unknownRows: Markup {
        guard summary.verdicts.unknown > 0 else { return nothing("Nothing is unknown.") }
        let rows = summary.rows.unknown.map { listed in
            row(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.token.createdAt.day))
        }
        return table(
            "Not known, oldest token first: \(count(rows.count, of: summary.verdicts.unknown, "verdict"))",
            ["Token and owner", "Policy and rule", "What is missing", "Created"], rows)
    }

    private var uncoveredRows: Markup {
        guard summary.uncovered > 0 else { return nothing("Every live token is under a policy.") }
        let rows = summary.rows.uncovered.map { token in
            row(
                head(token.name, below: token.owner), cell(token.issuer.description), timeCell(token.createdAt.day))
        }
        return table(
            "Under no policy, oldest first: \(count(rows.count, of: summary.uncovered, "live token"))",
            ["Token and owner", "Issuer", "Created"], rows)
    }

    var blockedRows: Markup {
        guard !summary.rows.blocked.isEmpty else { return "" }
        let rows = summary.rows.blocked.map { listed in
            row(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.deadline?.day ?? "–"),
                wordsCell(listed.blocked?.message ?? ""))
        }
        let total = summary.blocked.values.reduce(0, +)
        return table(
            "Blocked, longest overdue first: \(count(rows.count, of: total, "token"))",
            ["Token and owner", "Policy and rule", "Why", "Deadline", "In the way"], rows)
    }

    private func count(_ shown: Int, of total: Int, _ noun: String) -> String {
        shown < total ? "\(shown.grouped) of \(total.of(noun))" : total.of(noun)
    }

    var securityInventory: Markup {
        let shown = register.listed.count
        let rest: Markup =
            summary.evaluated > shown
            ? """
            Here the first \(shown) by name of \(summary.evaluated.of("live token")); all of them are in the \
            <a href="#data">data file</a>.
            """
            : "Every live token."
        let rows = register.listed.map { entry in
            let token = entry.token
            let due = entry.renewal?.deadline.map { "due by \($0.day)" } ?? ""
            return row(
                head(token.name), cell(token.issuer.description, below: token.integration),
                wordsCell(token.description.isEmpty ? "not stated" : token.description),
                ownerCell(token.owner.isEmpty ? "nobody" : token.owner), timeCell(token.expiresAt?.day ?? "never"),
                cell(token.renewalWords(entry.renewal), below: due))
        }
        return section(
            "register", "Security inventory",
            "What each token is, what it is for, whose it is, when it ends and how it is renewed. \(rest)",
            rows.isEmpty
                ? nothing("There is no live token.")
                : table(
                    "Live tokens by name", ["Token", "Type", "Purpose", "Owner", "Expiry", "Renewal"], rows))
    }

    var dataFiles: Markup {
        let files: [(String, String)] = [
            ("csv", "a row for each verdict, the \(summary.verdicts[.compliant].grouped) compliant ones too"),
            ("inventory", "a row for each of the \(summary.evaluated.of("live token")), judged or not"),
            ("json", "the rows and every sum of this page, for programs"),
            ("oscal", "findings by control, for tools of compliance"),
        ]
        let rows = files.map { row(head("rota report --format \($0.0)"), cell($0.1)) }
        return section(
            "data", "Data files",
            """
            Every row of this page, and those that it has no room for, made by the same command with another format; \
            filtered by the columns <code>policy</code>, <code>rule</code>, <code>status</code> and <code>owner</code>.
            """,
            table("Where every row is", ["Command", "What it has"], rows))
    }
}
