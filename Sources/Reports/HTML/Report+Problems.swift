import Engine
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
            brokenRules, "<h3>Worst offenders</h3>", worstOffenders)
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
                head(policy.name, below: rule.sentence), cell(policy.mode.rawValue),
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
                cell("\(worst.message)<br/><span class=\"quiet\">\(worst.policy), \(worst.rule)\(more(worst))</span>" as Markup),
                timeCell(worst.deadline?.day ?? "–"), numberCell(worst.overdueWords), cell(cure(of: worst)))
        }
        return table(
            "The ten tokens that are longest overdue",
            ["Token and owner", "Why", "Deadline", .number("Overdue"), "What stands in the way"], rows)
    }

    private func more(_ worst: BrokenRule) -> String {
        worst.ofToken > 1 ? "; \(worst.ofToken) rules broken" : ""
    }

    private func cure(of worst: BrokenRule) -> Markup {
        guard let blocked = worst.blocked else { return "<span class=\"quiet\">nothing known</span>" }
        return "<span class=\"word blocked\">Blocked:</span> \(blocked.message)"
    }

    var violations: Markup {
        let total = summary.verdicts.violating
        let shown = summary.violations.count
        let intro: Markup =
            total > shown
            ? """
            The \(shown) longest overdue of \(total.of("violation")); \(total - shown) more are not printed here. \
            The CSV and the JSON of this report have every one.
            """
            : "Every violation, longest overdue first. The CSV and the JSON of this report have the compliant rows too."
        guard shown > 0 else {
            return section("violations", "Violations", intro, nothing("No rule is broken."))
        }
        let rows = summary.violations.map { broken in
            row(
                head(broken.name, below: broken.owner),
                cell("\(broken.policy)<br/><span class=\"quiet\">\(broken.rule)</span>" as Markup),
                cell("<span class=\"tag\">\(broken.reason)</span><br/>\(broken.message)" as Markup),
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
    var overdueWords: String { deadline == nil ? "–" : overdue.spoken }
}
