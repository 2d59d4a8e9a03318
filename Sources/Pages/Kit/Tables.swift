import HTML
import RotaCore

/// A column of a table.
struct Column: ExpressibleByStringLiteral {
    var name: String
    var isNumber = false
    /// Said to those who hear the table only.
    var isHidden = false
    /// Where a click on its name leads, and how it is sorted now.
    var sorting: (target: Markup, order: Markup?)?

    init(stringLiteral name: String) { self.name = name }

    static func number(_ name: String) -> Column {
        var column = Column(stringLiteral: name)
        column.isNumber = true
        return column
    }

    static func hidden(_ name: String) -> Column {
        var column = Column(stringLiteral: name)
        column.isHidden = true
        return column
    }

    static func sorted(_ name: String, _ target: Markup, _ order: Markup?) -> Column {
        var column = Column(stringLiteral: name)
        column.sorting = (target, order)
        return column
    }

    fileprivate var head: Markup {
        if isHidden { return "<th scope=\"col\"><span class=\"unseen\">\(name)</span></th>" }
        if let sorting {
            let order: Markup = sorting.order.map { " aria-sort=\"\($0)\"" } ?? ""
            let arrow = sorting.order == nil ? "" : sorting.order.map { $0 == "ascending" ? Icon.up : Icon.down } ?? ""
            return "<th scope=\"col\"\(order)><a href=\"\(sorting.target)\">\(name)\(arrow)</a></th>"
        }
        return isNumber ? "<th scope=\"col\" class=\"number\">\(name)</th>" : "<th scope=\"col\">\(name)</th>"
    }
}

/// A table of which each row becomes a card on a narrow screen. The first cell of a row names it.
func table(_ caption: String, _ columns: [Column], _ rows: [[Markup]], look: Markup = "") -> Markup {
    guard !rows.isEmpty else { return "<p class=\"quiet\">None.</p>" }
    let lines = rows.map { cells -> Markup in
        let drawn = zip(columns, cells).enumerated().map { index, pair -> Markup in
            let (column, content) = pair
            guard index > 0 else { return "<th scope=\"row\">\(content)</th>" }
            let label: Markup = column.isHidden ? "" : " data-label=\"\(column.name)\""
            let look: Markup = column.isNumber ? " class=\"number\"" : ""
            return "<td\(look)\(label)><div>\(content)</div></td>"
        }
        return "<tr>\(drawn)</tr>\n"
    }
    return """
        <div class="scroll" role="region" tabindex="0" aria-label="\(caption)">\
        <table class="stack \(look)"><caption class="unseen">\(caption)</caption>
        <thead><tr>\(columns.map(\.head))</tr></thead><tbody>
        \(lines)</tbody></table></div>

        """
}
