import CSQLite
import Glibc

/// One connection to one database file.
///
/// Used by one thread at a time, and not shared: it is not `Sendable`. Another thread may hold its
/// ``interrupter``.
package final class Connection {
    /// What a connection may do.
    package enum Mode: Sendable {
        case readOnly, readWrite
        /// Makes the file, 0600, when it is not there.
        case readWriteCreate
    }

    package let path: String
    private let mode: Mode
    let handle: OpaquePointer
    /// Ends a statement from another thread.
    package let interrupter: Interrupter
    private var statements: [SQL: Statement] = [:]
    /// Statements are few and fixed; the bound only keeps a mistake from growing without end.
    private static let largestCache = 256

    /// SQLite counts the memory it uses under one lock, at each allocation, for figures that nobody asks for.
    /// It may only be told so before it is first used; where it was, it goes on counting.
    private static let countsNoMemory = rota_sqlite_config_int(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK

    package init(path: String, mode: Mode) throws(SQLiteError) {
        _ = Self.countsNoMemory
        self.path = path
        self.mode = mode
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch mode {
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .readWriteCreate: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        if mode == .readWriteCreate {
            // SQLite would make it with the umask's mode: it is made here first, closed to everybody else.
            // Only when it is new: closing a file that is in use drops this process's locks on it.
            let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
            if file >= 0 { close(file) }
        }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(opened, code: code)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        interrupter = Interrupter(opened)
        // Already for the first look at a file: whoever comes first after a kill takes in what the log holds,
        // and the others have to wait for him.
        sqlite3_busy_timeout(opened, Self.patience)
    }

    deinit {
        interrupter.disconnect()
        statements = [:]
        sqlite3_close_v2(handle)
    }

    /// How long a statement waits for another connection's lock, in milliseconds.
    private static let patience: Int32 = 5_000
    /// And how long before it is asked whether that still makes sense.
    private static let slice: Int32 = 200

    /// What every connection of a store is set to: WAL, full synchronisation, no automatic checkpoint and
    /// none on close, no memory mapping (DESIGN section 10).
    ///
    /// Deleted rows are not written over, as Debian's library would: there is no secret in any.
    ///
    /// One that only reads cannot turn WAL on, and says so when the file lacks it.
    package func configure() throws(SQLiteError) {
        for option in [SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, SQLITE_DBCONFIG_DEFENSIVE] {
            let code = rota_sqlite_db_config_int(handle, option, 1, nil)
            guard code == SQLITE_OK else { throw SQLiteError(handle, code: code) }
        }
        try requireWAL()
        try executeScript(
            """
            PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;
            PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;
            PRAGMA cache_size=-8192; PRAGMA secure_delete=OFF;
            """)
    }

    /// The pragma does not fail where WAL is impossible: it answers with the mode that stays.
    private func requireWAL() throws(SQLiteError) {
        let sql = mode == .readOnly ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL"
        let statement = try prepared(SQL(sql))
        defer { statement.reset() }
        let journal = try statement.step() ? Row(handle: statement.handle).text(0) : ""
        guard journal == "wal" else {
            throw SQLiteError(
                code: SQLITE_CANTOPEN, message: "the journal mode is '\(journal)' and cannot be WAL here",
                sql: sql)
        }
    }

    // MARK: - Statements

    /// Runs a statement that gives no rows, and answers how many rows it changed.
    @discardableResult
    package func execute(_ sql: SQL, _ values: [Value] = []) throws(SQLiteError) -> Int {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        let before = sqlite3_total_changes64(handle)
        while try statement.step() {}
        // SQLite keeps the count of the last statement that could change rows: this one may not be one.
        return sqlite3_total_changes64(handle) == before ? 0 : Int(sqlite3_changes64(handle))
    }

    /// Streams the rows of a query; `each` returns false to stop.
    ///
    /// The row is only lent.
    package func query(
        _ sql: SQL, _ values: [Value] = [], _ each: (borrowing Row) throws -> Bool
    ) throws {
        let statement = try prepared(sql)
        statement.isRunning = true
        defer {
            statement.reset()
            statement.isRunning = false
        }
        try statement.bind(values)
        while try statement.step() {
            guard try each(Row(handle: statement.handle)) else { return }
        }
    }

    /// The same, for a text that is seldom run.
    @discardableResult
    package func execute(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int {
        try execute(SQL(sql), values)
    }

    /// The same, for a text that is seldom run.
    package func query(
        _ sql: String, _ values: [Value] = [], _ each: (borrowing Row) throws -> Bool
    ) throws {
        try query(SQL(sql), values, each)
    }

    /// Runs several statements without parameters.
    package func executeScript(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteError(handle, code: code, sql: sql) }
    }

    /// Checks that a statement can be prepared.
    package func prepare(_ sql: String) throws(SQLiteError) {
        _ = try prepared(SQL(sql))
    }

    private func prepared(_ sql: SQL) throws(SQLiteError) -> Statement {
        if let statement = statements[sql] {
            // One that is being stepped further up the stack is not used twice.
            return statement.isRunning ? try Statement(sql.text, on: handle) : statement
        }
        let statement = try Statement(sql.text, on: handle)
        if statements.count >= Self.largestCache { statements = [:] }
        statements[sql] = statement
        return statement
    }

    // MARK: - Transactions

    /// Takes the write lock at once: a read transaction that turns into a write fails with BUSY_SNAPSHOT.
    ///
    /// - parameter isOver: asked while another program has the lock: whether to wait no longer.
    package func begin(until isOver: () -> Bool = { false }) throws(SQLiteError) {
        // SQLite waits without asking anybody: so a little at a time.
        sqlite3_busy_timeout(handle, Self.slice)
        defer { sqlite3_busy_timeout(handle, Self.patience) }
        var waited: Int32 = 0
        while true {
            do throws(SQLiteError) {
                try execute("BEGIN IMMEDIATE")
                return
            } catch {
                waited += Self.slice
                guard error.isBusy, waited < Self.patience, !isOver() else { throw error }
            }
        }
    }

    /// A failure with `isCommitOutcomeUnknown` may or may not be on disk: no external effect may follow.
    package func commit() throws(SQLiteError) {
        do throws(SQLiteError) {
            try execute("COMMIT")
        } catch {
            throw SQLiteError(
                code: error.code, message: error.message, sql: error.sql,
                isCommitOutcomeUnknown: SQLiteError.leavesCommitUnknown(error.code))
        }
    }

    /// Does nothing when no transaction is open: SQLite has then rolled back by itself.
    package func rollback() throws(SQLiteError) {
        guard isInTransaction else { return }
        try execute("ROLLBACK")
    }

    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    // MARK: - The file

    /// The number in the file's header that says whose file it is.
    package func applicationID() throws -> Int64 {
        var value: Int64 = 0
        try query("PRAGMA application_id") { row in
            value = row.integer(0)
            return false
        }
        return value
    }

    /// Moves the WAL into the database file and empties it where no reader stands in the way.
    package func checkpoint() throws(SQLiteError) {
        // Without patience: waiting for a long report would hold up every writer. What a reader still needs
        // stays in the WAL, and the next checkpoint takes it.
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, Self.patience) }
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw SQLiteError(handle, code: code) }
    }
}
