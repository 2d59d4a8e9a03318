import SQLite

/// What goes into a statement's parameters and comes out of its columns.
typealias Value = SQLite.Value
typealias Row = SQLite.Row

/// The seam between the one store and a database: SQL is written once, in the dialect that SQLite and
/// PostgreSQL share, and what differs is a method here.
protocol Driver: AnyObject {
    /// Runs a statement that gives no rows, within a transaction; answers how many rows it changed.
    @discardableResult
    func execute(_ statement: Statement, _ values: [Value]) throws -> Int

    /// Streams rows; `each` returns false to stop. The row is only lent.
    func query(_ statement: Statement, _ values: [Value], _ each: (borrowing Row) throws -> Bool) throws

    /// Runs `body` in one durable write transaction; throws `StoreError.outcomeUnknown` when COMMIT failed
    /// in such a way that it may have been kept.
    ///
    /// - parameter committed: called once it is durable, and before anybody else can write.
    func transaction<R>(_ body: () throws -> R, committed: () -> Void) throws -> R

    /// What lies beside the database to tell a restored or copied one by; nil where it has another way.
    func mark() -> StoreMarkFile?

    /// Runs `body` over the store as it is at its first statement, whatever others commit meanwhile.
    func snapshot<R>(_ body: () throws -> R) throws -> R

    /// Runs `body` so that its changes alone are undone when it throws.
    func savepoint<R>(_ body: () throws -> R) throws -> R

    /// Runs `body` without the indexes of some tables and the checks of their words, and makes the indexes anew at its
    /// end; within a transaction, which must fail when this throws. What primary keys stand on stays.
    func withoutIndexes<R>(of tables: [String], _ body: () throws -> R) throws -> R

    var isInTransaction: Bool { get }

    /// Keeps little memory from now on: for a process that runs for months and mostly waits.
    func keepLittle()

    /// What it has open has no names any more, and is gone with this process: nobody else is to find it.
    func loseNames()

    /// Takes a lock, which the system frees when this process ends, however it ends; false when it is taken,
    /// be it by this connection.
    func hold(_ lock: StoreLock) -> Bool
    /// Whether this connection or another one holds the lock.
    func isHeld(_ lock: StoreLock) -> Bool
    func release(_ lock: StoreLock)

    func close()
}

extension Driver {
    func transaction<R>(_ body: () throws -> R) throws -> R {
        try transaction(body, committed: {})
    }

    /// The row that a statement gives, decoded; nil when it gives none.
    func first<R>(_ statement: Statement, _ values: [Value], _ decode: (borrowing Row) throws -> R) throws
        -> R?
    {
        var result: R?
        try query(statement, values) { row in
            result = try decode(row)
            // Run to its end: a statement that changes rows has then changed them all.
            return true
        }
        return result
    }

    /// All rows of a statement that gives few.
    func all<R>(_ statement: Statement, _ values: [Value], _ decode: (borrowing Row) throws -> R) throws
        -> [R]
    {
        var results: [R] = []
        try query(statement, values) { row in
            results.append(try decode(row))
            return true
        }
        return results
    }
}

/// What a process can hold while it lives: it tells others that somebody is at work on it.
struct StoreLock: Hashable, Sendable {
    /// Each kind has a range of its own.
    let number: Int64

    static func run(_ number: Int64) -> StoreLock { StoreLock(number: 1 << 40 | number) }
    static let deliveries = StoreLock(number: 1)
    static let service = StoreLock(number: 2)
    static let witnesses = StoreLock(number: 3)
    static func rotation(_ id: Int64) -> StoreLock { StoreLock(number: 2 << 40 | id) }
}

/// One statement of the catalogue: its text, with `$1`, `$2` and so on for what is bound.
struct Statement: Hashable, Sendable {
    let text: SQL

    var sql: String { text.text }

    init(_ sql: String) {
        text = SQL(sql)
    }

    /// Every statement that the store runs, so that a test can prepare each on every database.
    static let all: [Statement] =
        reads + gate + records + usage + scheduling + blocking + attempting + endpoints + braking + quarantining
        + absences + noticing + waiving + planning + gauging + listing + requesting
        + runListing + signing + policyTexts + witnessing + retaining + evidence + replaying + comparing
}
