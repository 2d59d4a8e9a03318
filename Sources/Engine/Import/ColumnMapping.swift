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
        if let near = nearest(to: theirs, among: InventoryColumn.titles) {
            hint = "did you mean '\(near)'? then --map \(theirs)=\(near); else leave it out with --ignore \(theirs)"
        } else {
            hint =
                "map it with --map \(theirs)=COLUMN, or leave it out with --ignore \(theirs); columns: "
                + InventoryColumn.titles.joined(separator: ", ")
        }
        return InventoryFault(line: line, "there is no column '\(theirs)'", hint: hint)
    }

    /// What is wrong with a file as a whole, in place of a fault for each column and each row: it is a list of another
    /// system, or nothing in it is the name of a token. Nil when neither is so.
    ///
    /// - parameter theirs: its columns, or the members of its first object.
    func misfit(of theirs: [String], line: Int, isJSON: Bool) -> InventoryFault? {
        let unknown = theirs.filter { meaning(of: $0) == .unknown }
        if self == ColumnMapping(), let (format, column) = InventoryFormat.suggested(by: unknown, isJSON: isJSON) {
            return InventoryFault(
                line: line, "this looks like a list of \(format.rawValue): '\(column)' is no column of ours",
                hint: "say --format \(format.rawValue); or, if it is your own, leave it out with --ignore \(column)")
        }
        guard !theirs.contains(where: { meaning(of: $0) == .column(.name) }) else { return nil }
        let named = nearest(to: "name", among: unknown) ?? unknown.first { $0.lowercased().contains("name") }
        let shown = theirs.prefix(30).map { SecretShape.shown($0, to: 40) }.joined(separator: ", ")
        return InventoryFault(
            line: line, "no column is taken as 'name', which every token needs; they are: \(shown)",
            hint: "say which one it is, --map \(named.map { SecretShape.shown($0, to: 40) } ?? "THEIRS")=name, and "
                + "leave out what is not ours with --ignore-columns; does the file begin with the titles of its "
                + "columns?")
    }

    /// What is wrong when a named column is not there.
    static func missing(_ theirs: String, from found: Set<String>, line: Int) -> InventoryFault {
        InventoryFault(
            line: line, "the file has no column '\(theirs)'",
            hint: nearest(to: theirs, among: found.sorted()).map { "did you mean '\($0)'?" }
                ?? "its columns are \(found.sorted().prefix(30).map { SecretShape.shown($0) }.joined(separator: ", "))")
    }
}
