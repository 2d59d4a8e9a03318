package import HTML
import RotaCore

extension PoliciesPage {
    package var title: String { "Policies" }
    package var section: Section? { .policies }

    package func content(in frame: Frame) -> Markup {
        let cells = rows.map { row -> [Markup] in
            [
                "\(policyLink(row.policy.name))<span class=\"below\">\(row.policy.description)</span>",
                badge(row.policy.mode), "\(row.policy.selector.sentence.capitalizedFirst)", "\(row.tokens.total)",
                "\(bar(row.tokens, of: row.policy.name))\(counts(row.tokens))",
                row.nextRun.map { twoLines($0, frame.now) } ?? "<span class=\"quiet\">not by itself</span>",
            ]
        }
        let coverage: Markup =
            uncovered == 0
            ? "Every live token is under a policy."
            : "\(uncovered.of("live token")) \(uncovered == 1 ? "is" : "are") under no policy."
        let columns: [Column] = ["Policy", "Mode", "Selects", .number("Tokens"), "Posture", "Next run"]
        return """
            \(heading(self, lede: coverage))
            <div class="card flush">\(rows.isEmpty
                ? empty("No policy is loaded", "Policies are files in the folder that the configuration names.")
                : table("Policies", columns, cells, look: "policies"))</div>
            """
    }

    private func counts(_ counts: StatusCounts) -> Markup {
        let words = Verdict.Status.byGravity.filter { counts[$0] > 0 }.map { "\(counts[$0].grouped) \($0.rawValue)" }
        return "<span class=\"below\">\(words.isEmpty ? "no token" : words.joined(separator: ", "))</span>"
    }
}

extension PolicyPage {
    private var policy: Policy { row.policy }

    package var title: String { policy.name }
    package var section: Section? { .policies }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(title, trail: [link("/admin/policies", "Policies")],
            lede: "<span class=\"badges\">\(badge(policy.mode))</span> \(policy.description)"))
        \(posture)\(rulesCard)\(terms(frame))\(violating(frame))
        """
    }

    private var posture: Markup {
        card(
            "posture", "Posture",
            note: "\(row.tokens.total.of("token")), each under the gravest verdict of this policy.",
            bar(row.tokens, of: policy.name), legend(row.tokens))
    }

    private var rulesCard: Markup {
        let cells = policy.rules.enumerated().map { index, rule -> [Markup] in
            let counts = index < rules.count ? rules[index] : StatusCounts()
            return [
                "<code>\(rule.name)</code>", "\(rule.sentence.capitalizedFirst)", "\(rule.cure.capitalizedFirst)",
                bar(counts, of: rule.name), "\(counts.violating)",
            ]
        }
        return card(
            "rules", "Rules",
            table("Rules", ["Rule", "Requires", "Otherwise", "Posture", .number("Violating")], cells, look: "policies"))
    }

    private func terms(_ frame: Frame) -> Markup {
        let controls = policy.controls.sorted { $0.key < $1.key }.map { framework, numbers -> Markup in
            "<li>\(framework): \(tags(numbers, most: 20))</li>"
        }
        let notice = policy.notifyBefore.map(\.spoken).joined(separator: ", ")
        var list: [(String, Markup)] = [
            ("Selects", "\(policy.selector.sentence.capitalizedFirst)"),
            ("Why these thresholds", orNone(policy.basis, "not stated")),
            ("Controls", controls.isEmpty ? orNone("") : "<ul class=\"lines\">\(controls)</ul>"),
            ("Notices", orNone(notice.isEmpty ? "" : "\(notice) before")),
            ("Approval", policy.needsApproval ? "Somebody has to approve a plan of its actions." : "None is needed."),
            ("Next run", time(row.nextRun, frame.now, none: "not by itself")),
        ]
        if let pace = policy.pace { list.append(("Pace", "At most \(pace.of("action")) in a run; the rest waits.")) }
        if let condition = policy.condition { list.append(("Only when", "<code>\(condition.source)</code>")) }
        return card("terms", "Terms", facts(list))
    }

    private func violating(_ frame: Frame) -> Markup {
        let cells = violations.map { violation -> [Markup] in
            [
                tokenLink(violation.tokenID, violation.name), orNone(violation.owner, "nobody"),
                "<code>\(violation.rule)</code>", "\(violation.message.capitalizedFirst).",
                violation.deadline.map { twoLines($0, frame.now) } ?? "–",
            ]
        }
        let all = address("api-tokens", [("policy", policy.name), ("status", "violating")])
        let note: Markup =
            row.tokens.violating > violations.count
            ? "The first \(violations.count) of \(row.tokens.violating.of("token")). \(link(all, "Show all"))" : ""
        return card(
            "violating", "Violating tokens", note: note,
            cells.isEmpty
                ? "<p class=\"quiet\">None.</p>"
                : table("Violating tokens", ["Token", "Owner", "Rule", "Why", "Since"], cells))
    }
}
