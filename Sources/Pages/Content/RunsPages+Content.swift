import Engine
package import HTML
import RotaCore

extension RunRecord {
    fileprivate var state: Markup {
        if aborted != nil { return badge("aborted", .bad) }
        return finishedAt == nil ? badge("under way", .accent) : badge("finished", .good)
    }

    fileprivate var duration: Markup {
        finishedAt.map { finish in
            finish == startedAt ? "under a second" : "\((finish - startedAt).spoken)"
        } ?? "–"
    }
}

extension RunsPage {
    package var title: String { "Runs" }
    package var section: Section? { .runs }

    package func content(in frame: Frame) -> Markup {
        let cells = rows.map { row -> [Markup] in
            let total = row.outcomes.values.reduce(0, +)
            let words = Outcome.allCases.compactMap { outcome in
                row.outcomes[outcome].flatMap { $0 > 0 ? "\($0.grouped) \(outcome.rawValue)" : nil }
            }
            let result: Markup =
                row.run.aborted.map { "<span class=\"below\">\($0)</span>" }
                    ?? """
                    \(total == 0 ? "" : bar(row.outcomes, of: row.run.id))\
                    <span class="below">\(words.isEmpty ? "nothing to do" : words.joined(separator: ", "))</span>
                    """
            return [
                link("/admin/runs/\(encoded(row.run.id))", "<code class=\"id\">\(row.run.id)</code>"), row.run.state,
                twoLines(row.run.startedAt, frame.now), row.run.duration, "\(row.run.actor.name)",
                "\(row.run.planned ?? 0)", result,
            ]
        }
        let columns: [Column] = ["Run", "State", "Started", "Took", "By", .number("Planned"), "Outcomes"]
        return """
            \(heading(self, lede: "Each pass over the policies, and what came of it."))
            <div class="card flush">\(rows.isEmpty
                ? empty("No run yet", "The first one comes with a policy’s schedule, or by somebody who starts one.")
                : table("Runs", columns, cells, look: "policies"))</div>
            \(paging("runs", [], isContinued: false, next: next))
            """
    }
}

extension RunPage {
    package var title: String { "Run \(run.id)" }
    package var section: Section? { .runs }

    package func content(in frame: Frame) -> Markup {
        let rows = actions.map { action -> [Markup] in
            let cause = action.cause ?? action.blocked?.message ?? ""
            return [
                tokenLink(action.tokenID, action.name), badge(action.action), badge(action.outcome),
                "\(policyLink(action.policy))<span class=\"below\">\(action.rule)</span>",
                """
                \(action.message.capitalizedFirst).\
                \(cause.isEmpty ? "" : "<span class=\"below\">\(cause)</span>" as Markup)
                """, shortTime(action.at, frame.now),
            ]
        }
        let aborted: Markup = run.aborted.map { alert("failed", "It did nothing.", "\($0.capitalizedFirst).") } ?? ""
        return """
            \(heading(title, trail: [link("/admin/runs", "Runs")], lede: "<span class=\"badges\">\(run.state)</span>"))
            \(aborted)\(outcomesCard)\(about(frame))
            \(card("actions", "Actions", rows.isEmpty
                ? "<p class=\"quiet\">There was nothing to do.</p>"
                : table("Actions", ["Token", "Action", "Outcome", "Policy", "Why", "When"], rows)))
            \(paging("runs/\(encoded(run.id))", [], isContinued: false, next: next))
            """
    }

    private var outcomesCard: Markup {
        guard outcomes.values.contains(where: { $0 > 0 }) else { return "" }
        return card("outcomes", "Outcomes", bar(outcomes, of: "Outcomes"), legend(outcomes))
    }

    /// The plan where one was saved, and its digest.
    private var plan: Markup {
        guard let digest = run.plan else { return "none" }
        let code: Markup = "<code>\(digest)</code>"
        return savedPlan.map { plan in
            """
            \(link("/admin/plans/\(encoded(plan.id))", "Plan of \(plan.at.minute)")) \
            <span class="quiet">\(code)</span>
            """
        } ?? code
    }

    private func about(_ frame: Frame) -> Markup {
        card(
            "about", "About",
            facts([
                ("Begun by", "\(run.actor.name)"), ("Started", time(run.startedAt, frame.now)),
                ("Finished", time(run.finishedAt, frame.now, none: "not yet")), ("Took", run.duration),
                ("Acting policies", run.acting.map { tags($0, most: 12) } ?? "all"),
                ("Plan", plan),
            ]))
    }
}
