import Engine
import HTML
import RotaCore

/// What is wrong, from the whole to the single token.
extension Report {
    var problems: Markup {
        guard summary.verdicts.violating > 0 else {
            return section(
                "wrong", "What is wrong", "Rules that are broken, and the tokens that are longest overdue.",
                nothing("No rule is broken."))
        }
        return section(
            "wrong", "What is wrong", "Rules that are broken, and the tokens that are longest overdue.",
            brokenRules, worstOffenders)
    }

    private var brokenRules: Markup {
        var broken: [(policy: Policy, rule: Rule, posture: RulePosture)] = []
        for (policy, posture) in zip(facts.policies.policies, summary.policies) {
            for (rule, posture) in zip(policy.rules, posture.rules) where posture.verdicts.violating > 0 {
                broken.append((policy, rule, posture))
            }
        }
        broken.sort { $0.posture.verdicts.violating > $1.posture.verdicts.violating }
        let rows = broken.map { policy, rule, posture in
            row(
                head(policy.name, below: rule.sentence), timeCell(policy.mode.rawValue),
                numberCell(posture.verdicts.violating),
                numberCell(share(posture.verdicts.violating, of: posture.verdicts.total)),
                cell(reasons(posture.violations)))
        }
        return table(
            "Broken rules, most tokens first",
            ["Policy and rule", "Mode", .number("Tokens"), .number("Of selected"), "Reasons"], rows)
    }

    private func reasons(_ counts: [String: Int]) -> Markup {
        let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let tags: [Markup] = ordered.map { "<span class=\"tag\">\($0.key)</span> \($0.value)<br/>" }
        return "\(tags)"
    }

    private var worstOffenders: Markup {
        let rows = summary.worstOffenders(10).map { worst in
            row(
                head(worst.name, below: worst.owner),
                explanation(of: worst),
                timeCell(worst.deadline?.day ?? "–"), numberCell(worst.overdueWords),
                cell(next(for: worst)))
        }
        return table(
            "Worst offenders: the tokens that are longest overdue",
            ["Token and owner", "Why", "Deadline", .number("Overdue"), "What happens next"], rows)
    }

    private func explanation(of worst: BrokenRule) -> Markup {
        let more = worst.ofToken > 1 ? "; \(worst.ofToken) rules broken" : ""
        return wideCell(
            "\(worst.message)<br/><span class=\"quiet\">\(worst.policy), \(worst.rule)\(more)</span>")
    }

    /// What the policy that it breaks does about it.
    private func next(for worst: BrokenRule) -> Markup {
        if let blocked = worst.blocked {
            return "<span class=\"word blocked\">Blocked:</span> \(blocked.message)"
        }
        guard let policy = facts.policies.policies.first(where: { $0.name == worst.policy }),
            let rule = policy.rules.first(where: { $0.name == worst.rule })
        else { return "" }
        return switch policy.mode {
        case .observe: "nothing: the policy only observes"
        case .warn: "people are told; rota does not act"
        case .enforce:
            rule.action == .notify ? "people are told" : "\(rule.action.rawValue) at the coming run"
        }
    }

    var violations: Markup {
        let total = summary.verdicts.violating
        let shown = summary.violations.count
        let intro: Markup =
            total > shown
            ? """
            The \(shown) longest overdue of \(total.of("violation")); \(total - shown) more are not \
            printed here. \
            The CSV and the JSON of this report have every one.
            """
            : "Every violation, longest overdue first. The CSV and the JSON have the compliant rows too."
        guard shown > 0 else {
            return section("violations", "Violations", intro, nothing("No rule is broken."))
        }
        let rows = summary.violations.map { broken in
            row(
                head(broken.name, below: broken.owner),
                cell(broken.policy, below: broken.rule),
                wideCell("<span class=\"tag\">\(broken.reason)</span><br/>\(broken.message)"),
                timeCell(broken.deadline?.day ?? "–"), numberCell(broken.overdueWords))
        }
        return section(
            "violations", "Violations", intro,
            table(
                "Violations with their reasons",
                ["Token and owner", "Policy and rule", "Reason", "Deadline", .number("Overdue")], rows))
    }
}

extension BrokenRule {
    /// `97 days`; a dash where there never was a deadline to miss.
    var overdueWords: String {
        guard deadline != nil else { return "–" }
        let days = Int(overdue.seconds / 86_400)
        return days == 0 ? "under 1 day" : days.of("day")
    }
}
