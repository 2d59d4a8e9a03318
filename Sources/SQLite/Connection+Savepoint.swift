extension Connection {
    /// Opens a savepoint within a transaction; they nest, so the latest one goes first.
    package func savepoint(_ name: String) throws(SQLiteError) {
        try execute("SAVEPOINT \(Self.quoted(name))")
    }

    /// Keeps what was done since the savepoint, as a part of what encloses it.
    package func release(_ name: String) throws(SQLiteError) {
        try execute("RELEASE \(Self.quoted(name))")
    }

    /// Undoes what was done since the savepoint and closes it.
    ///
    /// Does nothing when no transaction is open: SQLite has then rolled everything back by itself.
    package func rollback(to name: String) throws(SQLiteError) {
        guard isInTransaction else { return }
        try execute("ROLLBACK TO \(Self.quoted(name))")
        try release(name)
    }

    /// A name as an identifier, whatever characters it has.
    private static func quoted(_ name: String) -> String {
        var quoted = "\""
        for character in name { quoted += character == "\"" ? "\"\"" : String(character) }
        return quoted + "\""
    }
}
