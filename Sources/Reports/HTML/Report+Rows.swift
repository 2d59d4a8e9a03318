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
        let rows = summary.rows.due
        return sortableTable(
            "due", "Due: \(count(rows.count, of: summary.verdicts.due, "verdict")) (nearest deadline first)",
            ["Token and owner", "Policy and rule", "Why", "Deadline", "In the way"], rows,
            [.asListed("deadline"), .byText("token") { $0.token.name }, .byText("owner") { $0.token.owner }, byPolicy]
        ) { listed in
            cells(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.deadline?.day ?? "–"),
                wordsCell(listed.blocked?.message ?? ""))
        }
    }

    private var byPolicy: RowOrder<ListedVerdict> { .byText("policy") { "\($0.policy) \($0.rule)" } }

    private var unknownRows: Markup {
        guard summary.verdicts.unknown > 0 else { return nothing("Nothing is unknown.") }
        let rows = summary.rows.unknown
        return sortableTable(
            "unknown", "Not known: \(count(rows.count, of: summary.verdicts.unknown, "verdict")) (oldest token first)",
            ["Token and owner", "Policy and rule", "What is missing", "Created"], rows,
            [.asListed("age"), .byText("token") { $0.token.name }, .byText("owner") { $0.token.owner }, byPolicy]
        ) { listed in
            cells(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.token.createdAt.day))
        }
    }

    private var uncoveredRows: Markup {
        guard summary.uncovered > 0 else { return nothing("Every live token is under a policy.") }
        let rows = summary.rows.uncovered
        return sortableTable(
            "uncovered", "Under no policy: \(count(rows.count, of: summary.uncovered, "live token")) (oldest first)",
            ["Token and owner", "Issuer", "Created"], rows,
            [
                .asListed("age"), .byText("token", \.name), .byText("owner", \.owner),
                .byText("issuer", \.issuer.description),
            ]
        ) { token in
            cells(head(token.name, below: token.owner), cell(token.issuer.description), timeCell(token.createdAt.day))
        }
    }

    var blockedRows: Markup {
        guard !summary.rows.blocked.isEmpty else { return "" }
        let rows = summary.rows.blocked
        let total = summary.blocked.values.reduce(0, +)
        return sortableTable(
            "blocked", "Blocked: \(count(rows.count, of: total, "token")) (longest overdue first)",
            ["Token and owner", "Policy and rule", "Why", "Deadline", "In the way"], rows,
            [
                .asListed("deadline"), .byText("token") { $0.token.name }, .byText("owner") { $0.token.owner },
                byPolicy, .byText("in the way") { $0.blocked?.message ?? "" },
            ]
        ) { listed in
            cells(
                head(listed.token.name, below: listed.token.owner), cell(listed.policy, below: listed.rule),
                wideCell("\(listed.message)"), timeCell(listed.deadline?.day ?? "–"),
                wordsCell(listed.blocked?.message ?? ""))
        }
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
        return section(
            "register", "Security inventory",
            "What each token is, what it is for, whose it is, when it ends and how it is renewed. \(rest)",
            shown == 0 ? nothing("There is no live token.") : listedTokens)
    }

    private var listedTokens: Markup {
        sortableTable(
            "register", "Live tokens", ["Token", "Type", "Purpose", "Owner", "Expiry", "Renewal"],
            register.listed,
            [
                .asListed("name"), .byText("type") { $0.token.issuer.description },
                .byText("owner") { $0.token.owner }, .by("expiry") { $0.token.expiresAt },
                .by("renewal") { $0.renewal?.deadline },
            ]
        ) { entry in
            let token = entry.token
            let due = entry.renewal?.deadline.map { "due by \($0.day)" } ?? ""
            return cells(
                head(token.name), cell(token.issuer.description, below: token.integration),
                wordsCell(token.description.isEmpty ? "not stated" : token.description),
                ownerCell(token.owner.isEmpty ? "nobody" : token.owner), timeCell(token.expiresAt?.day ?? "never"),
                cell(token.renewalWords(entry.renewal), below: due))
        }
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
            filtered by the columns <code>policy</code>, <code>rule</code>, <code>status</code>, <code>facts</code> \
            and <code>owner</code>.
            """,
            table("Where every row is", ["Command", "What it has"], rows))
    }
}
