import RotaCore

/// What becomes of the columns of somebody else's file.
package struct ColumnMapping: Hashable, Sendable {
    /// Their column to ours.
    package var renamed: [String: InventoryColumn]
    /// Columns of theirs that are left out.
    package var ignored: Set<String>
    /// Whether every column that is neither ours nor renamed is left out.
    package var ignoresUnknown: Bool

    package init(renamed: [String: InventoryColumn] = [:], ignored: Set<String> = [], ignoresUnknown: Bool = false) {
        self.renamed = renamed
        self.ignored = ignored
        self.ignoresUnknown = ignoresUnknown
    }

    /// What one column of theirs is.
    enum Meaning: Hashable {
        case column(InventoryColumn), ignored, unknown
    }

    func meaning(of theirs: String) -> Meaning {
        if let column = renamed[theirs] { return .column(column) }
        if ignored.contains(theirs) { return .ignored }
        if let column = InventoryColumn(title: theirs) { return .column(column) }
        return ignoresUnknown ? .ignored : .unknown
    }

    /// The columns that were named and are not in the file, by name.
    func missing(from theirs: Set<String>) -> [String] {
        (Array(renamed.keys) + Array(ignored)).filter { !theirs.contains($0) }.sorted()
    }

    /// What is wrong with a column that is neither ours nor named.
    static func unknown(_ theirs: String, line: Int) -> InventoryFault {
        // Of a file without a header, the first row is taken for one.
        guard !SecretShape.isPossible(in: theirs) else {
            return InventoryFault(
                line: line, "there is a column whose title may be a secret, and is not shown",
                hint: "does the file begin with the titles of its columns?")
        }
        let hint: String
        if let format = InventoryFormat.suggested(by: theirs) {
            hint = "is this a list of another system? then say --format \(format.rawValue)"
        } else if let near = nearest(to: theirs, among: InventoryColumn.titles) {
            hint = "did you mean '\(near)'? then --map \(theirs)=\(near); else leave it out with --ignore \(theirs)"
        } else {
            hint =
                "map it with --map \(theirs)=COLUMN, or leave it out with --ignore \(theirs); columns: "
                + InventoryColumn.titles.joined(separator: ", ")
        }
        return InventoryFault(line: line, "there is no column '\(theirs)'", hint: hint)
    }

    /// What is wrong when a named column is not there.
    static func missing(_ theirs: String, from found: Set<String>, line: Int) -> InventoryFault {
        InventoryFault(
            line: line, "the file has no column '\(theirs)'",
            hint: nearest(to: theirs, among: found.sorted()).map { "did you mean '\($0)'?" }
                ?? "its columns are \(found.sorted().prefix(30).map { SecretShape.shown($0) }.joined(separator: ", "))")
    }
}
