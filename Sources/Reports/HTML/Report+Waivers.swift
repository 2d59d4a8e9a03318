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
            who approved it. What is waived is not acted on, and is counted neither as compliant nor as violating.
            """,
            inForce, otherWaivers)
    }

    private var inForce: Markup {
        guard !waivers.inForce.isEmpty else { return nothing("No waiver is in force.") }
        let rows = waivers.inForce.map { entry in
            row(
                head(entry.waiver.subject(named: entry.name), below: entry.waiver.id),
                cell(entry.waiver.policy, below: entry.waiver.rule ?? "all rules"),
                numberCell(entry.use.tokens), numberCell(entry.use.held), wordsCell(entry.waiver.reason),
                cell(entry.waiver.requester.name, below: entry.waiver.approval?.approver.name ?? ""),
                timeCell(entry.waiver.endsAt.minute))
        }
        return table(
            "Waivers in force, the first to end first",
            [
                "What is waived", "Policy and rule", .number("Tokens"), .number("Else due or violating"), "Reason",
                "Asked for and approved by", "Ends",
            ], rows)
    }

    private var otherWaivers: Markup {
        guard !waivers.others.isEmpty else { return "" }
        let rows = waivers.others.map { entry in
            row(
                head(entry.waiver.subject(named: entry.name), below: entry.waiver.id),
                cell(entry.waiver.policy, below: entry.waiver.rule ?? "all rules"),
                cell(entry.waiver.state(at: facts.at).word), wordsCell(entry.waiver.reason),
                cell(entry.waiver.requester.name, below: entry.waiver.approval?.approver.name ?? "not approved"),
                timeCell((entry.waiver.ending?.at ?? entry.waiver.endsAt).minute))
        }
        return table(
            "Asked for and not approved, or ended in the period: the latest \(rows.count.grouped)",
            ["What is waived", "Policy and rule", "State", "Reason", "Asked for and approved by", "End"], rows)
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
