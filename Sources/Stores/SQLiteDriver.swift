import Engine
import SQLite

/// The embedded default: one file, one writing connection in this process.
///
/// Every write transaction and every checkpoint holds the gate file's lock; readers take none.
final class SQLiteDriver: Driver {
    /// Above this the WAL is moved into the database after a commit, in bytes.
    private static let walLimit: Int64 = 4 << 20

    private let connection: Connection
    private let gate: GateFile
    private var depth = 0

    init(path: String, mode: Connection.Mode) throws {
        connection = try Connection(path: path, mode: mode)
        gate = try GateFile(beside: path)
        try connection.configure()
    }

    func execute(_ statement: Statement, _ values: [Value]) throws -> Int {
        try translating { try connection.execute(statement.sql, values) }
    }

    func query(_ statement: Statement, _ values: [Value], _ each: (borrowing Row) throws -> Bool) throws {
        try translating { try connection.query(statement.sql, values, each) }
    }

    func transaction<R>(_ body: () throws -> R) throws -> R {
        try translating {
            try gate.lock()
            defer { gate.unlock() }
            try connection.begin()
            let result: R
            do {
                result = try body()
            } catch {
                try connection.rollback()
                throw error
            }
            do throws(SQLiteError) {
                try connection.commit()
            } catch {
                // What a failed COMMIT left open must not be held while the process decides to end.
                if !error.isCommitOutcomeUnknown { try connection.rollback() }
                throw error
            }
            if let size = FileFacts(path: connection.path + "-wal")?.size, size > Self.walLimit {
                try connection.checkpoint()
            }
            return result
        }
    }

    func savepoint<R>(_ body: () throws -> R) throws -> R {
        depth += 1
        defer { depth -= 1 }
        let name = "nested\(depth)"
        try connection.executeScript("SAVEPOINT \(name)")
        do {
            let result = try body()
            try connection.executeScript("RELEASE \(name)")
            return result
        } catch {
            // SQLite may have rolled everything back by itself, after an I/O error: then there is no savepoint.
            if connection.isInTransaction { try connection.executeScript("ROLLBACK TO \(name); RELEASE \(name)") }
            throw error
        }
    }

    func close() {}

    /// Runs a script of the schema; only migrations do.
    func script(_ sql: String) throws {
        try translating { try connection.executeScript(sql) }
    }

    /// A number of the file's header.
    func pragma(_ name: String) throws -> Int64 {
        var value: Int64 = 0
        try connection.query("PRAGMA \(name)") { row in
            value = row.integer(0)
            return false
        }
        return value
    }

    private func translating<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw storeError(error)
        } catch let error as GateError {
            throw StoreError.busy(error.description)
        }
    }
}

/// What an error of SQLite means for the store.
func storeError(_ error: SQLiteError) -> StoreError {
    if error.isCommitOutcomeUnknown { return .outcomeUnknown(error.message) }
    if error.isBusy { return .busy(error.message) }
    if error.isNotADatabase {
        return .unusable("the file is damaged or is not a rota store: \(error.message)", hint: "restore it from a backup")
    }
    if error.isReadOnly {
        return .unusable("the store cannot be written: \(error.message)", hint: "check the permissions of its folder")
    }
    if error.isFull {
        return .failed("the disk is full; nothing was changed")
    }
    return .failed(error.description)
}
