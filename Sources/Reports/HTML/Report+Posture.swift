import Engine
import HTML
import RotaCore

/// How policies, owners and controls stand.
extension Report {
    private static let countColumns: [Column] = [
        .number("Violating"), .number("Due"), .number("Unknown"), .number("Waived"), .number("Compliant"),
    ]

    private func countCells(_ counts: StatusCounts) -> Markup {
        let cells = Verdict.Status.byGravity.map { numberCell(counts[$0]) }
        return "\(cells)"
    }

    private func barCell(_ counts: StatusCounts, of what: String) -> Markup {
        "<td class=\"bar\">\(meter(counts, of: what))</td>"
    }

    var posture: Markup {
        let rows = zip(facts.policies.policies, summary.policies).map { policy, posture -> Markup in
            let parts = zip(policy.rules, posture.rules).map { rule, posture -> Markup in
                """
                <tr class="part"><th scope="row">\(rule.name)</th>\
                \(barCell(posture.verdicts, of: "\(policy.name), \(rule.name)"))\
                \(numberCell(posture.verdicts.total))\(countCells(posture.verdicts))</tr>

                """
            }
            return """
                <tr><th scope="row">\(policy.name) <span class="tag">\(policy.mode.rawValue)</span></th>\
                \(barCell(posture.tokens, of: policy.name))\(numberCell(posture.tokens.total))\
                \(countCells(posture.tokens))</tr>
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
        var rows = summary.owners.map { owner in
            ownerRow(owner.owner.isEmpty ? "(no owner)" : owner.owner, owner)
        }
        if summary.otherOwnersCount > 0
            || summary.otherOwners.tokens.total + summary.otherOwners.uncovered > 0
        {
            rows.append(ownerRow("All others together", summary.otherOwners))
        }
        let columns: [Column] = ["Owner", "", .number("Tokens")] + Self.countColumns + [.number("No policy")]
        return section(
            "owners", "Owners", "Live tokens under policy by owner, most violating first.",
            rows.isEmpty
                ? nothing("There is no live token.") : table("Tokens by owner and status", columns, rows))
    }

    private func ownerRow(_ name: String, _ owner: OwnerPosture) -> Markup {
        row(
            head(name), barCell(owner.tokens, of: name), numberCell(owner.tokens.total),
            countCells(owner.tokens), numberCell(owner.uncovered))
    }

    var policiesAndControls: Markup {
        let policies = facts.policies.policies.map { policy in
            row(
                head(policy.name, below: policy.description), timeCell(policy.mode.rawValue),
                cell(rules(of: policy)), cell(policy.basis.isEmpty ? "not stated" : policy.basis))
        }
        guard !policies.isEmpty else {
            return section(
                "policies", "Policies and controls", "What was judged by.", nothing("No policy is loaded."))
        }
        return section(
            "policies", "Policies and controls",
            """
            What was judged by, why the thresholds are what they are, and which controls each policy \
            serves. A \
            control counts every verdict of the policies that name it; it is evidence for the control, \
            not an opinion on it.
            """,
            table("Policies as loaded", ["Policy", "Mode", "Rules", "Basis"], policies), controls)
    }

    private func rules(of policy: Policy) -> Markup {
        let lines: [Markup] = policy.rules.map { rule in
            "\(rule.sentence)<br/><span class=\"quiet\">\(rule.cure)</span><br/>"
        }
        return "\(lines)"
    }

    private var controls: Markup {
        guard !summary.controls.isEmpty else { return "" }
        let rows = summary.controls.map { control in
            row(
                head(
                    "\(control.framework) \(control.control)", below: control.policies.joined(separator: ", ")
                ),
                barCell(control.verdicts, of: "\(control.framework) \(control.control)"),
                numberCell(control.verdicts.total), countCells(control.verdicts))
        }
        return table(
            "Verdicts by control", ["Control and its policies", "", .number("Verdicts")] + Self.countColumns,
            rows)
    }
}
