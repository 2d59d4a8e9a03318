import Engine
import HTML
import RotaCore

/// What is excepted from policies, for how long, by whom.
extension Report {
    var exceptions: Markup {
        section(
            "waivers", "Waivers",
            """
            Exceptions from a policy or a rule. Each has a reason, an end, and somebody other than who asked for it \
            who approved it. What is waived is not acted on, and is counted neither as compliant nor as violating: \
            \(summary.verdicts.waived.of("verdict")), of which \(waivers.violatingVerdicts.grouped) would be \
            violating. \
            Each of them is in the <a href="#data">data files</a>, with the id of its waiver.
            """,
            inForce, otherWaivers)
    }

    private var inForce: Markup {
        guard !waivers.inForce.isEmpty else { return nothing("No waiver is in force.") }
        let rows = waivers.inForce.map { entry in
            row(
                head(entry.waiver.subject(named: entry.name), below: entry.waiver.id),
                cell(entry.waiver.policy, below: entry.waiver.rule ?? "all rules"),
                numberCell(entry.use.verdicts), numberCell(entry.use.violating),
                wordsCell(entry.waiver.reason), askedCell(entry.waiver), approvedCell(entry.waiver),
                timeCell(entry.waiver.endsAt.minute))
        }
        return table(
            "Waivers in force, the first to end first",
            [
                "What is waived", "Policy and rule", .number("Verdicts"), .number("Else violating"),
                "Reason", "Asked for by", "Approved by", "Ends",
            ], rows)
    }

    private func askedCell(_ waiver: Waiver) -> Markup {
        cell(waiver.requester.words, below: waiver.requestedAt.minute)
    }

    private func approvedCell(_ waiver: Waiver) -> Markup {
        guard let approval = waiver.approval else { return cell("not approved" as String) }
        return cell(approval.approver.words, below: approval.at.minute)
    }

    private var otherWaivers: Markup {
        guard !waivers.others.isEmpty else { return "" }
        let rows = waivers.others.map { entry in
            row(
                head(entry.waiver.subject(named: entry.name), below: entry.waiver.id),
                cell(entry.waiver.policy, below: entry.waiver.rule ?? "all rules"),
                cell(entry.waiver.state(at: facts.at).word), wordsCell(entry.waiver.reason),
                askedCell(entry.waiver), approvedCell(entry.waiver),
                timeCell((entry.waiver.ending?.at ?? entry.waiver.endsAt).minute))
        }
        return table(
            "Asked for and not approved, or ended in the period: the latest \(rows.count.grouped)",
            ["What is waived", "Policy and rule", "State", "Reason", "Asked for by", "Approved by", "End"], rows)
    }
}

extension Waiver.State {
    fileprivate var word: String {
        switch self {
        case .requested: "waits for an approval"
        case .active: "in force"
        case .expired: "ended"
        case .withdrawn: "withdrawn"
        }
    }
}

extension Principal {
    /// The name, and the account where that is another.
    var words: String { account.isEmpty || account == name ? name : "\(name) (\(account))" }
}

extension ListedWaivers {
    /// How many verdicts would be violating without those in force.
    var violatingVerdicts: Int { inForce.reduce(0) { $0 + $1.use.violating } }
}
