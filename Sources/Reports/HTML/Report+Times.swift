import Engine
import HTML
import RotaCore

/// How old, how idle, and when tokens end.
extension Report {
    var agesAndIdleness: Markup {
        section(
            "ages", "Age and idleness",
            """
            Live tokens by the age of their oldest value that still authenticates, and by the time \
            since they were \
            last used. Dashed lines are the limits of the policies; the parts in the colour of \
            violation break one that selects them.
            """,
            """
            <div class="charts">\(figure("Age of the oldest valid value", summary.age, "age in days"))\
            \(figure("Time since the last use", summary.idle, "idle time in days"))</div>

            """)
    }

    private func figure(_ title: String, _ histogram: Histogram, _ axis: String) -> Markup {
        let bars = histogram.buckets.map { bucket in
            BarChart.Bar(label: label(of: bucket), count: bucket.count, wrong: bucket.violating)
        }
        let words = histogram.buckets.map { bucket in
            "\(label(of: bucket)): \(bucket.count.grouped), \(bucket.violating.grouped) violating"
        }
        let lines = histogram.limits.prefix(3).compactMap { limit in
            histogram.buckets.firstIndex { $0.to == limit }.map {
                BarChart.Line(after: $0, name: "limit \(limit.spoken)")
            }
        }
        let chart = BarChart(
            title: title, description: words.joined(separator: "; "), axis: axis, bars: bars, lines: lines)
        let unknown: Markup =
            histogram.unknown == 0
            ? ""
            : "<p class=\"quiet\">Not drawn: \(histogram.unknown.of("token")) of which it is not known.</p>"
        return "<figure><figcaption>\(title)</figcaption>\(chart.markup())\(unknown)</figure>"
    }

    /// `30–60` in days, or with units where an edge is not a whole day.
    private func label(of bucket: Histogram.Bucket) -> String {
        guard let to = bucket.to else { return "> \(days(bucket.from))" }
        return "\(days(bucket.from))–\(days(to))"
    }

    private func days(_ span: TimeSpan) -> String {
        span.seconds % 86_400 == 0 ? String(span.seconds / 86_400) : span.description
    }

    var comingExpiries: Markup {
        let expiry = summary.expiry
        let crowded = expiry.crowded.map { day in
            fact(day.date.day, day.count.of("token"))
        }
        return section(
            "expiries", "Coming expiries",
            """
            How many live tokens end on each of the coming 90 days, by UTC. \
            \(expiry.comingTotal.of("token")) in \
            all; a token that ends takes whatever still uses it down.
            """,
            "<figure>\(CalendarChart(days: expiry.coming).markup())</figure>",
            """
            <h3>All live tokens by their end</h3><dl \
            class="facts">\(fact("End within 90 days", expiry.comingTotal.grouped))\
            \(fact("End later", expiry.later.grouped))\(fact("Never end", expiry.never.grouped))\
            \(fact("Past their end, not yet marked", expiry.past.grouped))</dl>

            """,
            crowded.isEmpty
                ? ""
                : """
                <h3>Dates of the coming two years on which five tokens or more end</h3>
                <dl class="facts">\(crowded)</dl>

                """)
    }
}
