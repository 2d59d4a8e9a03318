import Engine
import HTML
import RotaCore

/// How violations came and went, and how long they stood.
extension Report {
    var trend: Markup {
        section(
            "trend", "Trend and time to comply",
            """
            What recorded runs found: a violation is open from the run that first met it to the run that met it no \
            more, from \(history.from.minute) to \(history.to.minute).
            """,
            openDays, timeToComply, latestRuns)
    }

    private var openDays: Markup {
        guard !history.isEmpty else { return nothing("No run has found a violation in this period.") }
        let days = history.days
        let bars = days.map { day in
            BarChart.Bar(label: "\(day.date.dayOfMonth) \(day.date.month)", count: day.open, wrong: day.open)
        }
        let before = history.openBeforeWords { $0.minute }
        let words = days.enumerated().filter { number, day in
            number == 0 || number == days.count - 1 || day.opened + day.closed > 0
        }.map { "\($1.date.day): \($1.open.grouped) open" }
        let chart = BarChart(
            title: "Open violations at the end of each day", description: words.joined(separator: "; "),
            axis: "day of the period (UTC)", bars: bars, isWide: true, showsCounts: days.count <= 31,
            labelStride: max(1, days.count / 8))
        let oldest = history.oldestOpen.map { (history.to - $0).spoken } ?? "–"
        return """
            <figure><figcaption>Open violations day by day</figcaption>\(chart.markup())</figure>
            <dl class="facts">\(fact("Open when the period began", before))\
            \(fact("Found in it", history.opened.grouped))\
            \(fact("Resolved in it: kept again, or the token has ended", history.resolved.count.grouped))\
            \(fact("Ended otherwise: waived, or not asked any more", history.dropped.grouped))\
            \(fact("Open when it ended", history.openAfter.grouped))\(fact("Open for the longest", oldest))</dl>

            """
    }

    private var timeToComply: Markup {
        guard history.resolved.count > 0 else { return "" }
        let rules = history.byRule.sorted { one, other in
            (other.value.count, one.key.policy, one.key.rule) < (one.value.count, other.key.policy, other.key.rule)
        }
        var rows = [resolutionRow("All rules", "", history.resolved)]
        rows += rules.map { resolutionRow($0.key.policy, $0.key.rule, $0.value) }
        return table(
            "Time to comply: from the run that found a violation to the run that found it resolved",
            [
                "Policy and rule", .number("Resolved"), .number("Half of them within"), .number("Nine of ten within"),
                .number("Longest"), .number("Within 1 day"), .number("Within 7 days"), .number("Within 30 days"),
            ], rows)
    }

    private func resolutionRow(_ name: String, _ rule: String, _ times: ResolutionTimes) -> Markup {
        let within = [1, 7, 30].map { numberCell(share(times.count(within: .days($0)), of: times.count)) }
        return row(
            head(name, below: rule), numberCell(times.count),
            numberCell(times.within(percent: 50)?.spoken ?? "–"), numberCell(times.within(percent: 90)?.spoken ?? "–"),
            numberCell(times.longest.spoken), "\(within)")
    }

    private var latestRuns: Markup {
        guard !runs.isEmpty else { return "" }
        let rows = runs.map { told in
            row(
                head(told.run.startedAt.minute, below: told.run.actor.name), cell(ending(of: told.run)),
                "\(Outcome.allCases.map { numberCell(told.outcomes[$0] ?? 0) })")
        }
        let columns: [Column] = ["Run and who asked for it", "How it ended"]
        return table(
            "Latest runs of the period", columns + Outcome.allCases.map { .number($0.rawValue.capitalizedFirst) }, rows)
    }

    private func ending(of run: RunRecord) -> String {
        if let cause = run.aborted { return "aborted: \(cause)" }
        return run.finishedAt.map { "finished after \(($0 - run.startedAt).spoken)" } ?? "not finished"
    }
}

extension ViolationHistory {
    /// How many were open when the period began; that nobody knows it where no run had looked yet.
    func openBeforeWords(_ time: (Instant) -> String) -> String {
        if beginsKnown { return openBefore.grouped }
        return firstRun.map { "not known: no run before \(time($0))" } ?? "not known: there was no run"
    }
}
