import HTML
import RotaCore

/// One bar in parts; what it shows is said in its title, too.
func bar(_ parts: [(name: String, count: Int)], of what: String) -> Markup {
    let parts = parts.filter { $0.count > 0 }
    let total = parts.reduce(0) { $0 + $1.count }
    let words = parts.map { "\($0.count.grouped) \($0.name)" }.joined(separator: ", ")
    var rectangles: [Markup] = []
    var start = 0
    for (index, part) in parts.enumerated() {
        let isLast = index + 1 == parts.count
        let width = isLast ? max(4, 1000 - start) : max(6, part.count * 1000 / total)
        rectangles.append(
            """
            <rect class="fill-\(part.name)" x="\(at: start)" y="0" \
            width="\(at: max(3, isLast ? width : width - 3))" height="10"/>
            """)
        start += width
    }
    return """
        <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img">
        <title>\(what): \(words.isEmpty ? "nothing" : words)</title>\(rectangles)</svg>
        """
}

func bar(_ counts: StatusCounts, of what: String) -> Markup {
    bar(Verdict.Status.byGravity.map { ($0.rawValue, counts[$0]) }, of: what)
}

func bar(_ outcomes: [Outcome: Int], of what: String) -> Markup {
    bar(Outcome.allCases.map { ($0.rawValue, outcomes[$0] ?? 0) }, of: what)
}

/// What the colours mean, with their numbers.
func legend(_ parts: [(name: String, count: Int)]) -> Markup {
    let entries = parts.filter { $0.count > 0 }.map { part -> Markup in
        "<li><span class=\"key key-\(part.name)\"></span><b>\(part.count)</b> \(part.name)</li>"
    }
    return "<ul class=\"legend\">\(entries)</ul>\n"
}

func legend(_ counts: StatusCounts) -> Markup {
    legend(Verdict.Status.byGravity.map { ($0.rawValue, counts[$0]) })
}

func legend(_ outcomes: [Outcome: Int]) -> Markup {
    legend(Outcome.allCases.map { ($0.rawValue, outcomes[$0] ?? 0) })
}

/// How far something has come: what is done, where it is, what follows.
func stepper(_ steps: [String], at current: Int) -> Markup {
    let items = steps.enumerated().map { index, step -> Markup in
        let state: Markup = index < current ? "past" : index == current ? "present" : "future"
        let here: Markup = index == current ? " aria-current=\"step\"" : ""
        let word: Markup = index < current ? "<span class=\"unseen\">done: </span>" : ""
        return "<li class=\"\(state)\"\(here)>\(word)\(step)</li>"
    }
    return "<ol class=\"steps\">\(items)</ol>\n"
}
