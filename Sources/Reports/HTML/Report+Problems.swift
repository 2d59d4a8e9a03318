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
        var broken: [(policy: Policy, rule: Rule, posture: RulePosture, rows: Markup)] = []
        for (place, policy) in facts.policies.policies.enumerated() {
            for (number, rule) in policy.rules.enumerated() {
                let posture = summary.policies[place].rules[number]
                guard posture.verdicts.violating > 0 else { continue }
                broken.append((policy, rule, posture, Self.violations(of: place, number)))
            }
        }
        broken.sort { $0.posture.verdicts.violating > $1.posture.verdicts.violating }
        let rows = broken.map { policy, rule, posture, rows in
            row(
                head(policy.name, below: rule.sentence), timeCell(policy.mode.rawValue),
                numberCell(posture.verdicts.violating, to: rows),
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
        if worst.reason == Reason.Kind.rotationInProgress.code { return "the older value ends with its overlap" }
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

    /// The id of where the violations of a rule are; of a policy, those of its first broken one.
    static func violations(of policy: Int, _ rule: Int) -> Markup { "violations-\(at: policy)-\(at: rule)" }

    func violations(of policy: Int) -> Markup {
        let rules = summary.policies[policy].rules
        return Self.violations(of: policy, rules.firstIndex { $0.verdicts.violating > 0 } ?? 0)
    }

    var violations: Markup {
        let total = summary.verdicts.violating
        let shown = summary.rows.violations.joined().reduce(0) { $0 + $1.count }
        let intro: Markup =
            total > shown
            ? """
            The \(shown) longest overdue of \(total.of("violation")), rule by rule; \(total - shown) more are not \
            printed here. \
            The <a href="#data">data files</a> of this report have every one.
            """
            : """
            Every violation, rule by rule, longest overdue first. The <a href="#data">data files</a> have the \
            compliant rows too.
            """
        guard shown > 0 else {
            return section("violations", "Violations", intro, nothing("No rule is broken."))
        }
        var tables: [Markup] = []
        for (place, policy) in facts.policies.policies.enumerated() {
            for (number, rule) in policy.rules.enumerated() where !summary.rows.violations[place][number].isEmpty {
                tables.append(violations(place, number, policy, rule))
            }
        }
        return section("violations", "Violations", intro, "\(tables)")
    }

    private func violations(_ place: Int, _ number: Int, _ policy: Policy, _ rule: Rule) -> Markup {
        let listed = summary.rows.violations[place][number]
        let total = summary.policies[place].rules[number].verdicts.violating
        let count = total > listed.count ? "\(listed.count.grouped) of \(total.of("token"))" : total.of("token")
        let id = Self.violations(of: place, number)
        return anchored(
            id,
            sortableTable(
                id, "\(policy.name): \(rule.sentence) – \(count)",
                ["Token and owner", "Reason", "Deadline", .number("Overdue")], listed,
                [
                    .asListed("longest overdue"), .byText("token", \.name), .byText("owner", \.owner),
                    .byText("reason", \.reason),
                ]
            ) { broken in
                cells(
                    head(broken.name, below: broken.owner),
                    wideCell("<span class=\"tag\">\(broken.reason)</span> \(broken.message)"),
                    timeCell(broken.deadline?.day ?? "–"), numberCell(broken.overdueWords))
            })
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
