import Engine
import HTML
import RotaCore

/// Which control each policy is evidence for, and whether it is.
extension Report {
    var controlMatrix: Markup {
        let intro: Markup = """
            For each control that a policy names, whether its rules are kept by every token that they are asked of. \
            Evidenced: nothing is broken and nothing is unknown. Not applicable: no live token is selected. It is \
            evidence for a control and no opinion on it. Observed: how many of these verdicts go by what was seen here \
            alone; asserted: how many by what an imported list or a log of uses told; their rows are in the \
            <a href="#data">data files</a>, by the column <code>facts</code>. Whose each threshold is, and why, is \
            given under <a href="#policies">policies</a>.
            """
        guard !summary.controls.isEmpty else {
            return section("controls", "Control matrix", intro, nothing("No policy names a control."))
        }
        var frameworks: [String] = []
        for control in summary.controls where frameworks.last != control.framework {
            frameworks.append(control.framework)
        }
        let tables = frameworks.map { framework in
            matrix(of: framework, summary.controls.filter { $0.framework == framework })
        }
        return section("controls", "Control matrix", intro, "\(tables)")
    }

    private func matrix(of framework: String, _ controls: [ControlPosture]) -> Markup {
        let words = ControlPosture.Standing.allCases.compactMap { standing -> String? in
            let count = controls.count { $0.standing == standing }
            return count > 0 ? "\(count.grouped) \(standing.word)" : nil
        }
        return groupedTable(
            "\(framework): \(words.joined(separator: ", "))",
            [
                "Control", "Standing", "By which policy and rule", .number("Tokens"), .number("Violating"),
                .number("Unknown"), .number("Waived"), .number("Observed"), .number("Asserted"),
            ], controls.map(rows))
    }

    private func rows(of control: ControlPosture) -> Markup {
        let lines: [Markup] = control.sources.enumerated().map { number, source in
            let policy = facts.policies.policies[source.policy]
            let rule = policy.rules[source.rule]
            let counts = source.verdicts
            let place = Self.violations(of: source.policy, source.rule)
            return """
                <tr>\(number == 0 ? opening(control) : "")<td class="middling">\(rule.sentence)<br/>\
                <span class="quiet">\(policy.name), \(policy.mode.rawValue)</span></td>\
                \(numberCell(counts.total))\(numberCell(counts.violating, to: place))\
                \(numberCell(counts.unknown, to: "unknown"))\(numberCell(counts.waived, to: "waivers"))\
                \(numberCell(source.observed, to: "data"))\(numberCell(source.asserted, to: "data"))</tr>

                """
        }
        return "\(lines)"
    }

    private func opening(_ control: ControlPosture) -> Markup {
        let span: Markup = "rowspan=\"\(at: control.sources.count)\""
        return """
            <th scope="rowgroup" \(span)>\(control.control)</th>\
            <td \(span)><span class="word \(control.standing.mood)">\
            \(control.standing.word.capitalizedFirst)</span></td>
            """
    }
}

extension ControlPosture.Standing {
    var word: String {
        switch self {
        case .evidenced: "evidenced"
        case .notEvidenced: "not evidenced"
        case .notApplicable: "not applicable"
        }
    }

    /// The class of its colour.
    fileprivate var mood: Markup {
        switch self {
        case .evidenced: "compliant"
        case .notEvidenced: "violating"
        case .notApplicable: "quiet-word"
        }
    }
}
