/// Rows under headings, in columns as wide as what is in them.
///
/// Widths are taken from the first rows, so that a list of any length streams in flat memory; a later
/// cell that is wider pushes its line to the right. On a terminal the widest columns give way until
/// the lines fit.
struct Table {
    /// How many rows are looked at for the widths.
    private static let measured = 1000
    private static let gap = "  "
    private static let narrowest = 8

    private let output: Output
    private let title: String?
    private let headings: [String]
    private var widths: [Int] = []
    private var waiting: [[String]] = []
    private(set) var rowCount = 0

    /// - parameter title: printed above it, after an empty line.
    init(_ headings: [String], on output: Output, title: String? = nil) {
        self.title = title
        self.headings = headings
        self.output = output
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == headings.count, "a row has a cell for each heading")
        rowCount += 1
        let cells = cells.map { printable($0) }
        guard widths.isEmpty else { return print(cells) }
        waiting.append(cells)
        if waiting.count == Self.measured { start() }
    }

    /// Prints what is left; a table without rows prints nothing.
    mutating func finish() {
        if !waiting.isEmpty { start() }
    }

    private mutating func start() {
        widths = headings.map(\.count)
        for row in waiting {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        fitTerminal()
        if let title { output.line("\n" + Style.heading.applied(to: title, on: output)) }
        print(headings.map { $0.uppercased() }, style: .heading)
        for row in waiting { print(row) }
        waiting = []
    }

    private mutating func fitTerminal() {
        guard let room = output.width else { return }
        let gaps = Self.gap.count * (widths.count - 1)
        while widths.reduce(gaps, +) > room, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.narrowest
        {
            widths[widest] -= 1
        }
    }

    private func print(_ cells: [String], style: Style? = nil) {
        var line = ""
        for (column, cell) in cells.enumerated() {
            if column > 0 { line += Self.gap }
            let isCut = output.width != nil && cell.count > widths[column]
            let shown = isCut ? cell.prefix(widths[column] - 1) + "…" : cell[...]
            line += shown
            if column < cells.count - 1 {
                line += String(repeating: " ", count: max(0, widths[column] - shown.count))
            }
        }
        while line.hasSuffix(" ") { line.removeLast() }
        output.line(style.map { $0.applied(to: line, on: output) } ?? line)
    }
}

/// Names with their values, one a line.
struct Fields {
    private var rows: [(name: String, value: String)] = []

    /// Adds a line; nothing for a value that is absent or empty.
    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { rows.append((name, printable(value))) }
    }

    func print(on output: Output) {
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            let padding = String(repeating: " ", count: width - row.name.count)
            output.line("\(row.name):\(padding) \(row.value)")
        }
    }
}

/// How words stand out on a terminal.
enum Style: String {
    case heading = "1"

    func applied(to text: String, on output: Output) -> String {
        output.isColoured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
