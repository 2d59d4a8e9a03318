import HTML

/// A table with a caption, in a box of its own that scrolls sideways on a narrow screen.
func table(_ caption: String, _ columns: [Column], _ rows: [Markup]) -> Markup {
    let heads: [Markup] = columns.map { column in
        column.isNumber
            ? "<th scope=\"col\" class=\"number\">\(column.name)</th>"
            : "<th scope=\"col\">\(column.name)</th>"
    }
    return """
        <div class="scroll" role="region" tabindex="0" \
        aria-label="\(caption)"><table><caption>\(caption)</caption>
        <thead><tr>\(heads)</tr></thead><tbody>
        \(rows)</tbody></table></div>

        """
}

/// The same with rows that belong together, which no page break parts.
func groupedTable(_ caption: String, _ columns: [Column], _ groups: [Markup]) -> Markup {
    let heads: [Markup] = columns.map { column in
        let look: Markup = column.isNumber ? " class=\"number\"" : ""
        return "<th scope=\"col\"\(look)>\(column.name)</th>"
    }
    let bodies: [Markup] = groups.map { "<tbody>\($0)</tbody>\n" }
    return """
        <div class="scroll" role="region" tabindex="0" \
        aria-label="\(caption)"><table class="grouped"><caption>\(caption)</caption>
        <thead><tr>\(heads)</tr></thead>
        \(bodies)</table></div>

        """
}

/// A column's head; columns of numbers are aligned to the right.
struct Column: ExpressibleByStringLiteral {
    var name: String
    var isNumber = false

    init(stringLiteral value: String) { name = value }

    static func number(_ name: String) -> Column {
        var column = Column(stringLiteral: name)
        column.isNumber = true
        return column
    }
}

func row(_ cells: Markup...) -> Markup {
    "<tr>\(cells)</tr>\n"
}

/// The cells of a row of a table that can be sorted.
func cells(_ cells: Markup...) -> Markup {
    "\(cells)"
}

/// The cell that names its row, with a quieter line below it.
func head(_ name: String, below: String = "") -> Markup {
    below.isEmpty
        ? "<th scope=\"row\" role=\"rowheader\">\(name)</th>"
        : "<th scope=\"row\" role=\"rowheader\">\(name)<br/><span class=\"quiet\">\(below)</span></th>"
}

func cell(_ text: String) -> Markup {
    "<td role=\"cell\" class=\"wrap\">\(text)</td>"
}

/// A cell of a few words, none of which is to break.
func wordsCell(_ text: String) -> Markup {
    "<td role=\"cell\" class=\"middling\">\(text)</td>"
}

/// A cell for who owns something: an address has no spaces, and yet is to stay whole where it can.
func ownerCell(_ owner: String) -> Markup {
    "<td role=\"cell\" class=\"address\">\(owner)</td>"
}

/// A cell of sentences, which gets more room.
func wideCell(_ markup: Markup) -> Markup {
    "<td role=\"cell\" class=\"wide\">\(markup)</td>"
}

func cell(_ markup: Markup) -> Markup {
    "<td role=\"cell\">\(markup)</td>"
}

/// A cell with a quieter line below.
func cell(_ text: String, below: String) -> Markup {
    "<td role=\"cell\" class=\"middling\">\(text)<br/><span class=\"quiet\">\(below)</span></td>"
}

func timeCell(_ text: String) -> Markup {
    "<td role=\"cell\" class=\"time\">\(text)</td>"
}

func numberCell(_ count: Int) -> Markup {
    count == 0 ? "<td role=\"cell\" class=\"number zero\">0</td>" : "<td role=\"cell\" class=\"number\">\(count)</td>"
}

/// A number that leads to its rows.
func numberCell(_ count: Int, to target: Markup) -> Markup {
    count == 0 ? numberCell(0) : "<td role=\"cell\" class=\"number\">\(link(count, to: target))</td>"
}

/// - parameter target: the id of where the rows are.
func link(_ count: Int, to target: Markup) -> Markup {
    count == 0 ? "0" : "<a class=\"count\" href=\"#\(target)\">\(count)</a>"
}

/// Content that a number leads to.
func anchored(_ id: Markup, _ content: Markup) -> Markup {
    "<div class=\"anchored\" id=\"\(id)\">\(content)</div>\n"
}

func numberCell(_ text: String) -> Markup {
    "<td role=\"cell\" class=\"number\">\(text)</td>"
}

/// One of the report's sections: heading, a sentence on what it shows, content.
func section(_ id: Markup, _ title: String, _ intro: Markup, _ content: Markup...) -> Markup {
    """
    <section id="\(id)" aria-labelledby="\(id)-title"><h2 id="\(id)-title">\(title)</h2>
    <p class="intro">\(intro)</p>
    \(content)</section>

    """
}

/// A name and what it is, in a list of such.
func fact(_ name: String, _ value: String) -> Markup {
    "<div><dt>\(name)</dt><dd>\(value)</dd></div>"
}

func nothing(_ sentence: String) -> Markup {
    "<p class=\"empty\">\(sentence)</p>"
}
