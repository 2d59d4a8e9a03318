import HTML
import RotaCore

/// An order that a reader can put a table's rows into.
struct RowOrder<Row> {
    /// `owner`, as in "Sorted by owner".
    var name: String
    fileprivate var precedes: (Row, Row) -> Bool

    /// The order in which the rows are handed over.
    static func asListed(_ name: String) -> RowOrder { RowOrder(name: name) { _, _ in false } }

    /// Without regard to case, so that people find what they look for; what is empty comes last.
    static func byText(_ name: String, _ text: @escaping (Row) -> String) -> RowOrder {
        RowOrder(name: name) { one, other in
            let (first, second) = (text(one).lowercased(), text(other).lowercased())
            return first.isEmpty || second.isEmpty ? !first.isEmpty && second.isEmpty : first < second
        }
    }

    /// Least first; what is not there comes last.
    static func by<Value: Comparable>(_ name: String, _ value: @escaping (Row) -> Value?) -> RowOrder {
        RowOrder(name: name) { one, other in
            guard let first = value(one) else { return false }
            guard let second = value(other) else { return true }
            return first < second
        }
    }

    /// The place of each row; rows that are alike stay as they were listed.
    fileprivate func places(of rows: [Row]) -> [Int] {
        let ordered = rows.indices.sorted { one, other in
            if precedes(rows[one], rows[other]) { return true }
            return !precedes(rows[other], rows[one]) && one < other
        }
        var places = Array(repeating: 0, count: rows.count)
        for (place, index) in ordered.enumerated() { places[index] = place }
        return places
    }
}

/// A table whose rows the reader sorts, without script: each row bears its place in every order, and the style sheet
/// goes by the one that is chosen. As it comes, it is a table like any other; only in another order is it a grid,
/// whose roles are therefore said.
///
/// - parameters:
///   - id: no other table of the page has it.
///   - caption: up to ` (`, where one says in which order the rows are listed: that part is shown in that order alone.
///   - orders: the first is that of `rows`; at most five.
///   - cells: what a row shows.
func sortableTable<Row>(
    _ id: Markup, _ caption: String, _ columns: [Column], _ rows: [Row], _ orders: [RowOrder<Row>],
    _ cells: (Row) -> Markup
) -> Markup {
    // Two rows are read at a glance.
    guard rows.count > 2 else { return table(caption, columns, rows.map { "<tr>\(cells($0))</tr>\n" }) }
    let places = orders.map { $0.places(of: rows) }
    let names: [Markup] = ["a", "b", "c", "d", "e"]
    let drawn: [Markup] = rows.indices.map { index in
        let marks: [Markup] = zip(names, places).map { "--\($0):\(at: $1[index]);" }
        return "<tr role=\"row\" style=\"\(marks)\">\(cells(rows[index]))</tr>\n"
    }
    let heads: [Markup] = columns.map { column in
        let look: Markup = column.isNumber ? " class=\"number\"" : ""
        return "<th scope=\"col\" role=\"columnheader\"\(look)>\(column.name)</th>"
    }
    let (name, listed) = parts(of: caption)
    return """
        <div class="scroll" role="region" tabindex="0" aria-label="\(name)">
        <table class="sortable columns-\(at: columns.count)" role="table" aria-label="\(name)"><caption>\(name)\
        \(listed.map { "<span class=\"as-listed\"> (\($0))</span>" } ?? "" as Markup)\
        \(choices(id, name, orders.map(\.name)))</caption>
        <thead role="rowgroup"><tr role="row">\(heads)</tr></thead><tbody role="rowgroup">
        \(drawn)</tbody></table></div>

        """
}

private func parts(of caption: String) -> (name: String, listed: String?) {
    guard caption.hasSuffix(" first)"), let opening = caption.lastIndex(of: "(") else { return (caption, nil) }
    return (String(caption[..<opening].dropLast()), String(caption[opening...].dropFirst().dropLast()))
}

private func choices(_ id: Markup, _ caption: String, _ names: [String]) -> Markup {
    let radios: [Markup] = names.enumerated().map { number, name in
        let chosen: Markup = number == 0 ? " checked=\"\"" : ""
        return """
            <label><input type="radio" class="by-\(at: number)" name="order-\(id)"\(chosen)/>\(name)</label>
            """
    }
    return """
        <span class="order" role="group" aria-label="Order of: \(caption)"><span>Sorted by</span>\(radios)\
        <label><input type="checkbox" class="reversed"/>reversed</label></span>
        """
}

/// Only where rows can be put into another order at all are choices shown. Whoever sorts a table pays for the grid.
let sortingStyle: Markup = """
    .order { display: none; flex-wrap: wrap; gap: 2px 16px; margin-top: 4px; font-size: 12.5px; font-weight: 400;
      color: var(--soft); }
    .order label { display: inline-flex; align-items: center; gap: 5px; min-height: 24px; cursor: pointer; }
    .order > span { line-height: 24px; }
    .order input { margin: 0; width: 14px; height: 14px; accent-color: var(--accent); }
    .order label:has(:checked) { color: var(--ink); font-weight: 600; }
    .order input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    @supports selector(:has(*)) and (grid-template-columns: subgrid) { .order { display: flex; } }
    .sortable:has(.by-1:checked) tbody tr { --place: var(--b); }
    .sortable:has(.by-2:checked) tbody tr { --place: var(--c); }
    .sortable:has(.by-3:checked) tbody tr { --place: var(--d); }
    .sortable:has(.by-4:checked) tbody tr { --place: var(--e); }
    .sortable:has(.reversed:checked) { --way: -1; }
    .sortable:has(.order input:not(.by-0):checked) .as-listed { display: none; }
    .sortable:has(.order input:not(.by-0):checked) { display: grid; }
    .columns-3 { grid-template-columns: repeat(3, auto); } .columns-4 { grid-template-columns: repeat(4, auto); }
    .columns-5 { grid-template-columns: repeat(5, auto); } .columns-6 { grid-template-columns: repeat(6, auto); }
    .columns-7 { grid-template-columns: repeat(7, auto); } .columns-8 { grid-template-columns: repeat(8, auto); }
    .columns-9 { grid-template-columns: repeat(9, auto); }
    .sortable:has(.order input:not(.by-0):checked) :is(caption, thead, tbody, tr) { grid-column: 1 / -1; }
    .sortable:has(.order input:not(.by-0):checked) caption { display: block; }
    .sortable:has(.order input:not(.by-0):checked) :is(thead, tbody, tr) { display: grid;
      grid-template-columns: subgrid; }
    .sortable:has(.order input:not(.by-0):checked) tbody tr { order: calc(var(--place, var(--a)) * var(--way, 1)); }
    .sortable:has(.order input:not(.by-0):checked) tbody tr > * { border-bottom: 1px solid var(--line); }
    .sortable:has(.order input:not(.by-0):checked) thead th { align-self: end; }

    """
