import SQLite

/// The seam between the one store and a database: SQL is written once, in the dialect that SQLite and
/// PostgreSQL share, and what differs is a method here.
protocol Driver: AnyObject {
    /// Runs a statement that gives no rows; answers how many rows it changed.
    @discardableResult
    func execute(_ statement: Statement, _ values: [Value]) throws -> Int

    /// Streams rows; `each` returns false to stop.
    func query(_ statement: Statement, _ values: [Value], _ each: (borrowing Row) throws -> Bool) throws

    /// Runs `body` in one durable write transaction; throws `StoreError.outcomeUnknown` when COMMIT failed.
    func transaction<R>(_ body: () throws -> R) throws -> R

    /// Runs `body` so that its changes alone are undone when it throws.
    func savepoint<R>(_ body: () throws -> R) throws -> R

    func close()
}

/// One statement of the catalogue: a name for messages, and its text with `$1`, `$2` and so on.
struct Statement: Hashable, Sendable {
    let sql: String

    init(_ sql: String) {
        self.sql = sql
    }
}
