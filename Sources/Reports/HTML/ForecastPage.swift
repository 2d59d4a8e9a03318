package import Engine
import HTML
package import RotaCore

/// One self-contained page of the actions that come on each of the coming days.
package struct ForecastPage {
    /// More days than these are drawn by the week.
    private static let mostBars = 120
    /// Seen from above, mildest first; what is gravest stands lowest in a bar.
    private static let drawn: [Action] = [.revoke, .quarantine, .rotate, .setExpiry]

    private let forecast: ActionForecast
    private let days: [ActionForecast.Day]
    private let total: ActionForecast.Day
    private let remarks: [String]
    private let store: StoreIdentity
    private let generator: String

    /// - parameter remarks: what has to be known to read it, in sentences without their full stops.
    package init(_ forecast: ActionForecast, remarks: [String], store: StoreIdentity, generator: String) {
        self.forecast = forecast
        days = forecast.days
        total = forecast.total
        self.remarks = remarks
        self.store = store
        self.generator = generator
    }

    package var bytes: [UInt8] {
        var page = pageHead("Coming actions, \(forecast.from.day)", generator: generator, store: store)
        for part in [hero, chart, byPolicy, byDay, refusals, reading, pageEnd] { page += part }
        return page.bytes
    }

    private var actions: [Action] { Action.allCases.reversed().filter { total.actions[$0] != nil } }
    private var span: String { days.count.of("day") }

    private var hero: Markup {
        let lede: Markup =
            forecast.worst.map { worst in
                """
                Most come on <strong>\(worst.date.day)</strong>: \(worst.total.grouped), which is \
                \(share(worst.total, of: total.total)) of all. \(hint)
                """
            } ?? "Nothing that a policy enforces comes due."
        return """
            <div class="hero"><p class="eyebrow">From \(forecast.from.minute), as things were then</p>
            <h1 class="headline">\(total.total.of("action")) in the coming \(span)</h1>
            <p class="lede">\(lede)</p></div>

            """
    }

    private var hint: Markup {
        guard let crowd = forecast.crowd else { return "" }
        return """
            A <code>pace</code> in policy <strong>\(crowd.policy)</strong> spreads them over several runs; \
            \(crowd.average.grouped) a day is its average here.
            """
    }

    // MARK: - The chart

    private var chart: Markup {
        guard total.total > 0 else { return "" }
        let (bars, isWeekly) = bars
        let busy = days.filter { $0.total > 0 }.sorted { ($1.total, $0.date) < ($0.total, $1.date) }.prefix(10)
        let words = busy.map { "\($0.date.day): \($0.total.grouped)" }.joined(separator: "; ")
        let drawing = BarChart(
            title: "Actions in the coming \(span)", description: "Busiest days: \(words).",
            axis: isWeekly ? "weeks, by their first day (UTC)" : "days (UTC)", bars: bars, isWide: true,
            showsCounts: bars.count <= 31, marksGreatest: true, labelStride: max(1, (bars.count + 9) / 10))
        let keys: [Markup] = Self.drawn.filter { total.actions[$0] != nil }.map { action in
            """
            <li><span class="key key-\(action.colour)"></span><b>\(total.actions[action] ?? 0)</b> \
            \(action.rawValue)</li>
            """
        }
        return section(
            "chart", isWeekly ? "Week by week" : "Day by day",
            "What changes something; notifications are in the table.",
            "<figure>\(drawing.markup())<ul class=\"legend\">\(keys)</ul></figure>")
    }

    private var bars: (bars: [BarChart.Bar], isWeekly: Bool) {
        let isWeekly = days.count > Self.mostBars
        let length = isWeekly ? 7 : 1
        let bars = stride(from: 0, to: days.count, by: length).map { first in
            let part = days[first..<min(first + length, days.count)]
            let date = days[first].date
            return BarChart.Bar(
                label: "\(date.dayOfMonth) \(date.month)",
                parts: Self.drawn.map { action in
                    .init(colour: action.colour, count: part.reduce(0) { $0 + ($1.actions[action] ?? 0) })
                })
        }
        return (bars, isWeekly)
    }

    // MARK: - Tables

    private var byPolicy: Markup {
        guard !total.policies.isEmpty else { return "" }
        let rows = total.policies.map { share in
            row(head(share.policy), cells(share.actions), numberCell(share.total))
        }
        return section(
            "policies", "By policy", "All days together.",
            table("Actions by policy", ["Policy"] + columns, rows))
    }

    private var byDay: Markup {
        guard !total.actions.isEmpty else { return "" }
        var rows: [Markup] = []
        var empty = 0
        func fold() {
            if empty > 0 {
                let words = "\(empty.of("day")) without actions"
                let width = actions.count + 2
                rows.append(
                    row("<th scope=\"row\" colspan=\"\(at: width)\"><span class=\"quiet\">\(words)</span></th>"))
            }
            empty = 0
        }
        for day in days {
            guard !day.actions.isEmpty else {
                empty += 1
                continue
            }
            fold()
            rows.append(row(head(day.date.day), cells(day.actions), numberCell(day.total)))
        }
        fold()
        return section(
            "days", "The days in numbers", "Notifications change nothing, and are not in the sums.",
            table("Actions by day of UTC", ["Day"] + columns, rows))
    }

    private var columns: [Column] { actions.map { .number($0.rawValue.capitalizedFirst) } + [.number("Sum")] }

    private func cells(_ counts: [Action: Int]) -> Markup {
        "\(actions.map { numberCell(counts[$0] ?? 0) })"
    }

    private var refusals: Markup {
        guard !forecast.refusals.isEmpty else { return "" }
        let shown = forecast.refusals.prefix(20)
        let rows = shown.map { row(timeCell($0.at.minute), wideCell("\($0.sentence)")) }
        return section(
            "limits", "Plans over a limit",
            """
            Such a plan is refused as a whole, and nothing of it is done until somebody changes the limit or the \
            policy. What is shown above does not wait for that.
            """,
            table(
                "The first \(shown.count.grouped) of \(forecast.refusals.count.grouped)", ["Run", "Why"], Array(rows)))
    }

    private var reading: Markup {
        let sentences: [Markup] = remarks.map { "<li>\($0.capitalizedFirst).</li>" }
        return section(
            "reading", "How to read this", "What is taken for granted.",
            """
            <div class="reading"><ul><li>\(forecast.tokens.of("active token")) were followed, and those in quarantine, \
            as <code>rota serve</code> would act on them: schedules, windows, spread, pace, notices and the freeze \
            calendar count.</li>
            <li>Nobody uses, changes or adds a token, and what is idle stays so.</li>
            <li>Rotations succeed, and consumers change over within the overlap.</li>
            <li>Today is what is left of it.</li>\(sentences)</ul></div>

            """)
    }
}

extension Action {
    /// As in the style sheet: they differ in lightness, too.
    fileprivate var colour: Markup {
        switch self {
        case .revoke: "violating"
        case .quarantine: "due"
        case .rotate: "accent"
        case .setExpiry: "waived"
        case .notify: "unknown"
        }
    }
}
