import HTML
import RotaCore

/// A bar of the width of its cell, in parts for each status. What it shows is also said beside it in numbers,
/// and in its description.
func meter(_ counts: StatusCounts, of what: String) -> Markup {
    let parts = Verdict.Status.byGravity.filter { counts[$0] > 0 }
    let words = parts.map { "\(counts[$0].grouped) \($0.word)" }.joined(separator: ", ")
    var rectangles: [Markup] = []
    var start = 0
    for (index, status) in parts.enumerated() {
        // In thousandths; the last part takes what rounding left.
        let isLast = index + 1 == parts.count
        let width = isLast ? 1000 - start : max(4, counts[status] * 1000 / counts.total)
        let gap = isLast ? 0 : 2
        rectangles.append(
            """
            <rect class="fill-\(status.rawValue)" x="\(at: start)" y="0" \
            width="\(at: max(2, width - gap))" height="10"/>
            """)
        start += width
    }
    return """
        <svg class="meter" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img">
        <title>\(what): \(words.isEmpty ? "nothing to judge" : words)</title>\(rectangles)</svg>
        """
}

/// What the colours mean, with their numbers.
func legend(_ counts: StatusCounts) -> Markup {
    let entries: [Markup] = Verdict.Status.byGravity.filter { counts[$0] > 0 }.map { status in
        """
        <li><span class="key key-\(status.rawValue)"></span>\
        <b>\(link(counts[status], to: status.rows))</b> \(status.word) \
        <span class="quiet">\(share(counts[status], of: counts.total))</span></li>
        """
    }
    return "<ul class=\"legend\">\(entries)</ul>"
}

/// Upright bars over a common baseline, in parts of which each has a colour.
struct BarChart {
    struct Bar {
        /// A part, with the colour that it is filled with.
        struct Part {
            var colour: Markup
            var count: Int
        }

        var label: String
        /// The lowest first.
        var parts: [Part]
        var count: Int { parts.reduce(0) { $0 + $1.count } }

        init(label: String, parts: [Part]) {
            self.label = label
            self.parts = parts.filter { $0.count > 0 }
        }

        /// In two parts, the lower one in the colour of what is wrong.
        init(label: String, count: Int, wrong: Int) {
            self.init(
                label: label,
                parts: [Part(colour: "violating", count: wrong), Part(colour: "accent", count: count - wrong)])
        }
    }

    /// A dashed line behind the bar with this index.
    struct Line {
        var after: Int
        var name: String
    }

    private let title: String
    private let description: String
    private let axis: String
    private let bars: [Bar]
    private let lines: [Line]
    /// Whether counts stand above the bars.
    private let showsCounts: Bool
    /// Whether one stands above the greatest at least.
    private let marksGreatest: Bool
    /// Every how many bars a label stands.
    private let labelStride: Int

    /// Whether the bars are days or weeks, one after the other.
    private let isWide: Bool
    private var width: Int { isWide ? 1040 : 520 }
    private let height = 230
    private let left = 8
    private let bottom = 44

    private var top: Int { 18 + 15 * lines.count }
    private var baseline: Int { height - bottom }

    init(
        title: String, description: String, axis: String, bars: [Bar], lines: [Line] = [],
        isWide: Bool = false,
        showsCounts: Bool = true, marksGreatest: Bool = false, labelStride: Int = 1
    ) {
        self.title = title
        self.description = description
        self.axis = axis
        self.bars = bars
        self.lines = lines
        self.showsCounts = showsCounts
        self.marksGreatest = marksGreatest
        self.labelStride = labelStride
        self.isWide = isWide
    }

    func markup() -> Markup {
        let slot = (width - 2 * left) / max(1, bars.count)
        let origin = left + (width - 2 * left - slot * bars.count) / 2
        let greatest = max(1, bars.map(\.count).max() ?? 1)
        let drawn = bars.enumerated().map { index, bar in
            draw(bar, at: index, x: origin + index * slot, slot: slot, greatest: greatest)
        }
        let limits = lines.enumerated().map { row, line in
            draw(line, row: row, x: origin + (line.after + 1) * slot)
        }
        return """
            <svg class="chart" viewBox="0 0 \(at: width) \(at: height)" role="img">
            <title>\(title)</title><desc>\(description)</desc>
            <line class="grid" x1="\(at: left)" x2="\(at: width - left)" y1="\(at: baseline)" \
            y2="\(at: baseline)"/>
            \(drawn)\(limits)
            <text x="\(at: width / 2)" y="\(at: height - 6)" text-anchor="middle">\(axis)</text></svg>

            """
    }

    private func draw(_ bar: Bar, at index: Int, x: Int, slot: Int, greatest: Int) -> Markup {
        let space = slot > 2 ? max(1, slot / 7) : 0
        let middle = x + slot / 2
        let tall = scaled(bar.count, greatest)
        var markup = Markup()
        var left = tall
        for (number, part) in bar.parts.enumerated() {
            // Each is seen; the last one takes what rounding left.
            let rest = bar.parts.count - 1 - number
            let height = rest == 0 ? left : max(1, min(left - rest, scaled(part.count, greatest)))
            let y = baseline - tall + left - height
            markup += rectangle(part.colour, x + space, y, slot - 2 * space, height)
            left -= height
        }
        // Noughts over empty days say nothing that the gap does not; in a distribution, none is a finding.
        let isEmptySpan = isWide && bar.count == 0
        if !isEmptySpan, showsCounts || marksGreatest && bar.count == greatest {
            markup += """
                <text class="value" x="\(at: middle)" y="\(at: baseline - tall - 5)" \
                text-anchor="middle">\(bar.count)</text>
                """
        }
        if index % labelStride == 0 {
            markup += """
                <text x="\(at: middle)" y="\(at: baseline + 16)" text-anchor="middle">\(bar.label)</text>
                """
        }
        return markup
    }

    /// At least two points for what is not nothing.
    private func scaled(_ count: Int, _ greatest: Int) -> Int {
        count == 0 ? 0 : max(3, count * (baseline - top - 14) / greatest)
    }

    private func rectangle(_ colour: Markup, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Markup {
        """
        <rect class="fill-\(colour)" x="\(at: x)" y="\(at: y)" width="\(at: width)" \
        height="\(at: height)" rx="2"/>
        """
    }

    private func draw(_ line: Line, row: Int, x: Int) -> Markup {
        let y = 12 + 15 * row
        let nearEnd = x + 7 * line.name.count > width
        return """
            <line class="limit" x1="\(at: x)" x2="\(at: x)" y1="\(at: y - 8)" y2="\(at: baseline)"/>
            <text class="limit-name" x="\(at: nearEnd ? x - 6 : x + 6)" y="\(at: y)" \
            text-anchor="\(nearEnd ? "end" : "start")">\(line.name)</text>
            """
    }
}

/// Days in weeks, a column each, with how many tokens end.
struct CalendarChart {
    var days: [ExpiryOutlook.Day]

    private let cellWidth = 54
    private let cellHeight = 25
    private let left = 44
    private let top = 26

    func markup() -> Markup {
        guard let first = days.first else { return "" }
        let greatest = max(1, days.map(\.count).max() ?? 1)
        let offset = first.date.weekday
        let weeks = (offset + days.count + 6) / 7
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].enumerated().map {
            row, name -> Markup in
            "<text x=\"0\" y=\"\(at: top + row * cellHeight + 16)\">\(name)</text>"
        }
        let cells = days.enumerated().map { index, day in
            draw(day, slot: index + offset, isFirst: index == 0, greatest: greatest)
        }
        let total = days.reduce(0) { $0 + $1.count }
        let busiest = days.filter { $0.count > 0 }.sorted { ($1.count, $0.date) < ($0.count, $1.date) }
            .prefix(5)
        let busy = busiest.map { "\($0.date.day): \($0.count.grouped)" }.joined(separator: "; ")
        return """
            <svg class="chart" viewBox="0 0 \(at: left + weeks * cellWidth) \
            \(at: top + 7 * cellHeight + 2)" role="img">
            <title>Tokens that end in the coming \(days.count - 1) days, day by day</title>
            <desc>\(total.of("token")) in all. Busiest days: \
            \(busy.isEmpty ? "none" : busy).</desc>\(names)\(cells)</svg>

            """
    }

    private func draw(_ day: ExpiryOutlook.Day, slot: Int, isFirst: Bool, greatest: Int) -> Markup {
        let x = left + slot / 7 * cellWidth
        let y = top + slot % 7 * cellHeight
        var markup: Markup = """
            <rect class="cell" x="\(at: x)" y="\(at: y)" width="\(at: cellWidth - 4)" \
            height="\(at: cellHeight - 4)" rx="4"/>
            """
        if slot % 7 == 0 || isFirst {
            // The month where it begins or the table does, else the day of the week's first cell.
            let name =
                isFirst || day.date.dayOfMonth <= 7
                ? "\(day.date.dayOfMonth) \(day.date.month)" : "\(day.date.dayOfMonth)"
            markup += """
                <text x="\(at: x + cellWidth / 2 - 2)" y="16" text-anchor="middle">\(name)</text>
                """
        }
        guard day.count > 0 else { return markup }
        // By the root of the count: one crowded day must not make all others look alike.
        let heat = (1...4).first { $0 * $0 * greatest >= 16 * day.count } ?? 4
        markup += """
            <rect class="fill-accent heat-\(at: heat)" x="\(at: x)" y="\(at: y)" \
            width="\(at: cellWidth - 4)" \
            height="\(at: cellHeight - 4)" rx="4"><title>\(day.date.day): \
            \(day.count.of("token"))</title></rect>
            <text class="\(heat > 2 ? "on-dark" : "on-light")" x="\(at: x + cellWidth / 2 - 2)" \
            y="\(at: y + 15)" \
            text-anchor="middle">\(day.count)</text>
            """
        return markup
    }
}

extension Verdict.Status {
    /// Gravest first.
    static let byGravity = allCases.sorted { $0.gravity > $1.gravity }

    /// The id of where the rows of all policies are.
    var rows: Markup {
        switch self {
        case .compliant: "data"
        case .due: "due"
        case .violating: "violations"
        case .waived: "waivers"
        case .unknown: "unknown"
        }
    }

    var word: String {
        switch self {
        case .compliant: "compliant"
        case .due: "due"
        case .violating: "violating"
        case .waived: "waived"
        case .unknown: "unknown"
        }
    }
}
