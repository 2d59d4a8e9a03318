import Documents

/// A table whose first rows are shown, with one line that counts the others by their kinds: nobody reads a hundred
/// thousand alike lines, but what they are matters.
struct AbridgedTable {
    /// How many rows are shown unless all are asked for.
    static let mostShown = 50
    /// How many kinds of the others are named.
    private static let mostKinds = 8
    /// What every command that has such tables takes.
    static let option = Command.Option("all", help: "show every row; else the first \(mostShown) of each table")

    private let output: Output
    private let isWhole: Bool
    private var table: Table
    /// How many of the rows that are not shown are of which kind.
    private var others: [String: Int] = [:]

    /// Of all that were added, shown or not.
    private(set) var rowCount = 0

    /// - parameters:
    ///   - title: as of a `Table`.
    ///   - isWhole: show every row.
    init(_ headings: [String], on output: Output, title: String? = nil, isWhole: Bool) {
        self.output = output
        self.isWhole = isWhole
        table = Table(headings, on: output, title: title)
    }

    /// - parameters:
    ///   - kind: what the row is counted as where it is not shown: its policy, action and reason.
    ///   - cells: made only for a row that is shown.
    mutating func add(kind: @autoclosure () -> String, _ cells: @autoclosure () -> [String]) {
        rowCount += 1
        if isWhole || rowCount <= Self.mostShown { table.add(cells()) } else { others[kind(), default: 0] += 1 }
    }

    mutating func finish() {
        table.finish()
        let rest = rowCount - table.rowCount
        guard rest > 0 else { return }
        output.line(printable("… and \(rest) more (\(Self.sentence(of: others))); see them with --all or --json"))
    }

    /// `90 of rotation: rotate, max-age-exceeded`, the most frequent kind first.
    static func sentence(of kinds: [String: Int]) -> String {
        let sorted = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var parts = sorted.prefix(mostKinds).map { "\($0.value) of \($0.key)" }
        let left = sorted.dropFirst(mostKinds)
        if !left.isEmpty {
            parts.append("\(left.reduce(0) { $0 + $1.value }) of \(counted(left.count, "other kind"))")
        }
        return parts.joined(separator: "; ")
    }
}
