import CSQLite

/// An index as the schema has it.
package struct SchemaIndex: Hashable, Sendable {
    package let name: String
    /// The statement that makes it.
    package let sql: String
}

extension Connection {
    /// The indexes of some tables, but for those that keys stand on by themselves.
    package func indexes(of tables: [String]) throws -> [SchemaIndex] {
        var indexes: [SchemaIndex] = []
        for table in tables {
            try query(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL",
                [.text(table)]
            ) { row in
                indexes.append(SchemaIndex(name: row.text(0), sql: row.text(1)))
                return true
            }
        }
        return indexes
    }

    /// Lets `body` write rows whose CHECK constraints are known to hold: SQLite makes and drops a table in memory for
    /// each list of words that it checks, which costs as much as the row.
    package func trustingWords<R>(_ body: () throws -> R) throws -> R {
        try executeScript("PRAGMA ignore_check_constraints=ON")
        defer { try? executeScript("PRAGMA ignore_check_constraints=OFF") }
        return try body()
    }

    /// Lets SQLite sort in temporary files while `body` runs: what it sorts in memory, it holds as a whole.
    package func sortingInFiles<R>(_ body: () throws -> R) throws -> R {
        try executeScript("PRAGMA temp_store=FILE")
        defer { try? executeScript("PRAGMA temp_store=MEMORY") }
        return try body()
    }
}
