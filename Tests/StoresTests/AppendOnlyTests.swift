import SQLite
import Testing

@testable import Stores

/// Nothing changes or takes away what stands in the audit log: no statement of ours, and nobody else's.
@Suite struct AppendOnlyTests {
    @Test func `the only statement that writes to the audit log adds an entry`() {
        let writing = Statement.all.filter { statement in
            let words = statement.sql.lowercased().split { !$0.isLetter && $0 != "_" }.map(String.init)
            let pairs = zip(words, words.dropFirst()).map { "\($0) \($1)" }
            return ["update audit", "from audit", "into audit", "table audit"].contains { pairs.contains($0) }
                && words.first != "select"
        }
        #expect(writing == [.addAuditEntry])
        #expect(Statement.addAuditEntry.sql.hasPrefix("INSERT INTO audit "))
        // One that takes the place of an entry would be neither an update nor a deletion by its words.
        #expect(!Statement.all.contains { $0.sql.uppercased().contains("REPLACE") })
    }

    @Test(arguments: [
        "UPDATE audit SET actor = 'somebody'", "UPDATE audit SET body = '{}' WHERE number = 1",
        "UPDATE OR REPLACE audit SET number = 2 WHERE number = 1", "DELETE FROM audit WHERE number = 1",
        "DELETE FROM audit",
    ])
    func `SQLite refuses to change or to shorten the audit log`(_ change: String) throws {
        let scratch = try Scratch()
        try scratch.create()
        let connection = try Connection(path: scratch.path, mode: .readWrite)
        try connection.configure()
        let entry = "INSERT INTO audit (at, actor, action, object, body) VALUES (1, 'a', 'b', 'c', '{}')"
        try connection.execute(entry)
        let before = try log(connection)

        let refusal = #expect(throws: SQLiteError.self) { try connection.execute(change) }

        #expect(refusal?.message == "the audit log is append-only")
        #expect(try log(connection) == before)
        try connection.execute(entry)
        #expect(try log(connection).count == before.count + 1)
    }

    private func log(_ connection: Connection) throws -> [String] {
        var entries: [String] = []
        try connection.query("SELECT number, at, actor, action, object, body FROM audit ORDER BY number") { row in
            entries.append("\(row.integer(0)) \(row.integer(1)) \((2...5).map { row.text($0) })")
            return true
        }
        return entries
    }
}
