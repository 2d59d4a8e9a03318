import Engine
import HTML
import RotaCore

/// How policies, owners and controls stand.
extension Report {
    private static let countColumns: [Column] = [
        .number("Violating"), .number("Due"), .number("Unknown"), .number("Waived"), .number("Compliant"),
    ]

    /// - parameter violations: the id of where the rows of those are that violate; nil where none is.
    private func countCells(_ counts: StatusCounts, _ violations: Markup? = nil) -> Markup {
        let cells = Verdict.Status.byGravity.map { status in
            if status == .waived { return numberCell(counts[status], to: status.rows) }
            guard let violations else { return numberCell(counts[status]) }
            return numberCell(counts[status], to: status == .violating ? violations : status.rows)
        }
        return "\(cells)"
    }

    private func barCell(_ counts: StatusCounts, of what: String) -> Markup {
        "<td role=\"cell\" class=\"bar\">\(meter(counts, of: what))</td>"
    }

    var posture: Markup {
        let rows = summary.policies.enumerated().map { place, posture -> Markup in
            let policy = facts.policies.policies[place]
            let parts = posture.rules.enumerated().map { number, posture -> Markup in
                let rule = policy.rules[number]
                return """
                    <tr class="part"><th scope="row">\(rule.name)</th>\
                    \(barCell(posture.verdicts, of: "\(policy.name), \(rule.name)"))\
                    \(numberCell(posture.verdicts.total))\
                    \(countCells(posture.verdicts, Self.violations(of: place, number)))</tr>

                    """
            }
            return """
                <tr><th scope="row">\(policy.name) <span class="tag">\(policy.mode.rawValue)</span></th>\
                \(barCell(posture.tokens, of: policy.name))\(numberCell(posture.tokens.total))\
                \(countCells(posture.tokens, violations(of: place)))</tr>
                \(policy.rules.count > 1 ? parts : [])
                """
        }
        return section(
            "posture", "Posture by policy",
            """
            Each live token that a policy selects, under the gravest verdict of that policy; below it, \
            rule by \
            rule where it has several. \(coverage)
            """,
            rows.isEmpty
                ? nothing("No policy is loaded.")
                : table(
                    "Tokens by policy and status", ["Policy", "", .number("Tokens")] + Self.countColumns, rows
                ),
            rows.isEmpty ? "" : "\(statusLegend)")
    }

    private var statusLegend: Markup {
        let entries: [Markup] = Verdict.Status.byGravity.map { status in
            "<li><span class=\"key key-\(status.rawValue)\"></span>\(status.word)</li>"
        }
        return "<ul class=\"legend\" aria-hidden=\"true\">\(entries)</ul>"
    }

    private var coverage: String {
        guard summary.uncovered > 0 else { return "Every live token is under a policy." }
        return
            "\(summary.uncovered.of("live token")) \(summary.uncovered == 1 ? "is" : "are") under no policy."
    }

    var owners: Markup {
        var rows = summary.owners.map { (name: $0.owner.isEmpty ? "(no owner)" : $0.owner, posture: $0) }
        if summary.otherOwnersCount > 0
            || summary.otherOwners.tokens.total + summary.otherOwners.uncovered > 0
        {
            rows.append(("All others together", summary.otherOwners))
        }
        let columns: [Column] = ["Owner", "", .number("Tokens")] + Self.countColumns + [.number("No policy")]
        return section(
            "owners", "Owners", "Live tokens under policy by owner.",
            rows.isEmpty
                ? nothing("There is no live token.")
                : sortableTable(
                    "owners", "Tokens by owner and status (most violating first)", columns, rows,
                    [
                        .asListed("violating"), .byText("owner", \.name), .by("tokens") { -$0.posture.tokens.total },
                        .by("due") { -$0.posture.tokens.due }, .by("no policy") { -$0.posture.uncovered },
                    ]
                ) { ownerCells($0.name, $0.posture) })
    }

    private func ownerCells(_ name: String, _ owner: OwnerPosture) -> Markup {
        cells(
            head(name), barCell(owner.tokens, of: name), numberCell(owner.tokens.total),
            countCells(owner.tokens), numberCell(owner.uncovered))
    }

    var loadedPolicies: Markup {
        let policies = facts.policies.policies
        return section(
            "policies", "Policies", "What was judged by, and why the thresholds are what they are.",
            policies.isEmpty
                ? nothing("No policy is loaded.")
                : sortableTable(
                    "policies", "Policies as loaded", ["Policy", "Mode", "Rules", "Basis"], policies,
                    [
                        .asListed("file"), .byText("policy", \.name), .byText("mode", \.mode.rawValue),
                        .byText("basis", \.basis),
                    ]
                ) { policy in
                    cells(
                        head(policy.name, below: policy.description), timeCell(policy.mode.rawValue),
                        cell(rules(of: policy)), cell(policy.basis.isEmpty ? "not stated" : policy.basis))
                })
    }

    private func rules(of policy: Policy) -> Markup {
        let lines: [Markup] = policy.rules.map { rule in
            "\(rule.sentence)<br/><span class=\"quiet\">\(rule.cure)</span><br/>"
        }
        return "\(lines)"
    }
}
