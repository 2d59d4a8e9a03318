import Engine
import SQLite

/// The embedded default: one file, and in this process one connection that writes it.
///
/// Every write transaction and every checkpoint holds the gate file's lock; readers take none.
final class SQLiteDriver: Driver {
    /// Above this many bytes the WAL is moved into the database after a commit.
    private static let walLimit: Int64 = 4 << 20
    /// And above this many when a writer closes, so that what was written is in the database itself.
    private static let walLimitAtClose: Int64 = 64 << 10

    private let path: String
    private var connection: Connection?
    /// Nil where the store is only read.
    private let gate: GateFile?
    private var files: DatabaseFiles?
    private let patience: StorePatience
    private var savepoints = 0
    private(set) var isInTransaction = false
    /// Why SQLite took back the transaction that is under way; nil while it stands.
    private var undone: (any Error)?
    private var hasWritten = false
    /// Other texts in place of statements': how a test takes a rule away.
    var replaced: [SQL: SQL] = [:]
    /// What becomes of the next commit: how a test lets one fail.
    var commitFault: (() -> CommitFault?)?
    /// The locks that are ours: asked of the file, our own are in nobody's way.
    private var held: Set<StoreLock> = []
    /// Why nothing more may be written: COMMIT failed once, and what is on disk is not known (I11).
    private var doubt: String?

    /// - throws: `SQLiteError` or `GateError`, for the opener to put into words.
    init(path: String, mode: Connection.Mode, patience: StorePatience = StorePatience()) throws {
        self.path = path
        self.patience = patience
        let connection = try Connection(path: path, mode: mode)
        gate = mode == .readOnly ? nil : try GateFile(beside: path)
        try connection.configure()
        files = DatabaseFiles(of: path)
        self.connection = connection
    }

    func execute(_ statement: Statement, _ values: [Value]) throws -> Int {
        guard isInTransaction else { throw StoreError.failed("a change outside a transaction") }
        return try within { try $0.execute(text(of: statement), values) }
    }

    func query(_ statement: Statement, _ values: [Value], _ each: (borrowing Row) throws -> Bool) throws {
        try within { try $0.query(text(of: statement), values, each) }
    }

    /// Runs a statement, unless the transaction that it belongs to is gone: where the disk fails or is full SQLite
    /// takes all of it back by itself, and what came next would be committed alone.
    private func within<R>(_ body: (Connection) throws -> R) throws -> R {
        let connection = try open()
        return try translated {
            if let undone { throw undone }
            do {
                return try body(connection)
            } catch {
                if isInTransaction, !connection.isInTransaction { undone = error }
                throw error
            }
        }
    }

    private func text(of statement: Statement) -> SQL {
        replaced.isEmpty ? statement.text : replaced[statement.text] ?? statement.text
    }

    func mark() -> StoreMarkFile? { StoreMarkFile(beside: path) }

    func transaction<R>(_ body: () throws -> R, committed: () -> Void) throws -> R {
        if let doubt { throw StoreError.outcomeUnknown(doubt) }
        guard let gate else { throw StoreError.failed("it was opened for reading only") }
        guard !isInTransaction else { throw StoreError.failed("a transaction within a transaction") }
        let connection = try open()
        return try translated {
            try gate.lock(patience: patience.seconds, until: { patience.isOver(after: $0) })
            defer { gate.unlock() }
            // In a file that nobody else finds, a change would have no effect but the one that follows from it outside.
            if let name = files?.change() { throw StoreError.replaced(name) }
            try connection.begin(until: patience.isOver)
            isInTransaction = true
            defer { (isInTransaction, undone) = (false, nil) }
            let result = try releasingIfUndone {
                let result: R
                do {
                    result = try body()
                } catch {
                    // Should this fail too, the first error is the one to tell: the next BEGIN meets the second.
                    try? connection.rollback()
                    throw error
                }
                if let undone { throw undone }
                try commit(connection)
                return result
            }
            hasWritten = true
            committed()
            shortenLog(connection, above: Self.walLimit)
            return result
        }
    }

    private func commit(_ connection: Connection) throws(SQLiteError) {
        do throws(SQLiteError) {
            if let fault = commitFault?() { try fail(connection, fault) }
            try connection.commit()
        } catch {
            if error.isCommitOutcomeUnknown { doubt = error.message }
            try? connection.rollback()
            throw error
        }
    }

    private func fail(_ connection: Connection, _ fault: CommitFault) throws(SQLiteError) {
        if fault == .unknownAndKept { try connection.commit() }
        throw fault.error
    }

    /// The commit stands whatever becomes of this: the next writer tries it again.
    private func shortenLog(_ connection: Connection, above limit: Int64) {
        guard let size = FileFacts(path: path + "-wal")?.size, size > limit else { return }
        try? connection.checkpoint()
    }

    /// Runs `body` over the store as it is at its first statement, whatever others commit meanwhile.
    func snapshot<R>(_ body: () throws -> R) throws -> R {
        let connection = try open()
        return try translated {
            try connection.execute("BEGIN")
            // Nothing was written, so that nothing can be lost; what cannot end says so at the next BEGIN.
            defer { try? connection.rollback() }
            return try body()
        }
    }

    /// Who tells whether anybody has committed; only after something was read.
    func watch() throws -> CommitWatch? { CommitWatch(try open()) }

    func savepoint<R>(_ body: () throws -> R) throws -> R {
        guard isInTransaction else { throw StoreError.failed("a savepoint outside a transaction") }
        let connection = try open()
        savepoints += 1
        defer { savepoints -= 1 }
        let name = "nested\(savepoints)"
        return try translated {
            if let undone { throw undone }
            try connection.execute("SAVEPOINT \(name)")
            do {
                let result = try releasingIfUndone(body)
                try connection.execute("RELEASE \(name)")
                return result
            } catch {
                // After an I/O error SQLite may have rolled back by itself: then there is none left.
                if connection.isInTransaction {
                    try connection.execute("ROLLBACK TO \(name)")
                    try connection.execute("RELEASE \(name)")
                } else {
                    undone = undone ?? error
                }
                throw error
            }
        }
    }

    func hold(_ lock: StoreLock) -> Bool {
        guard let gate, !held.contains(lock), gate.hold(lock.number) else { return false }
        held.insert(lock)
        return true
    }

    /// Gives up the locks that `body` took when it throws: what they are on was undone, and its number, which is given
    /// to somebody else then, would be locked for ever.
    private func releasingIfUndone<R>(_ body: () throws -> R) throws -> R {
        let before = held
        do {
            return try body()
        } catch {
            for lock in held.subtracting(before) { release(lock) }
            throw error
        }
    }

    func isHeld(_ lock: StoreLock) -> Bool {
        held.contains(lock) || gate?.isHeld(lock.number) ?? false
    }

    func release(_ lock: StoreLock) {
        guard held.remove(lock) != nil else { return }
        gate?.release(lock.number)
    }

    func withoutIndexes<R>(of tables: [String], _ body: () throws -> R) throws -> R {
        guard isInTransaction else { throw StoreError.failed("indexes taken away outside a transaction") }
        let connection = try open()
        return try translated {
            let indexes = try connection.indexes(of: tables)
            for index in indexes { try connection.executeScript("DROP INDEX \"\(index.name)\"") }
            // The words of states come from enumerations that have no others.
            let result = try connection.trustingWords(body)
            try connection.sortingInFiles {
                for index in indexes { try connection.executeScript(index.sql) }
            }
            return result
        }
    }

    func keepLittle() {
        // Where it fails, more memory is all that comes of it.
        try? script("PRAGMA cache_size=-2048")
    }

    func loseNames() { files = nil }

    func close() {
        shortenLogAtClose()
        for lock in held { release(lock) }
        connection = nil
    }

    /// Only what we wrote, and only where nobody else is at the gate: whoever is there does it himself.
    private func shortenLogAtClose() {
        guard hasWritten, doubt == nil, let gate, let connection, (try? gate.lock(patience: 0)) != nil else {
            return
        }
        defer { gate.unlock() }
        shortenLog(connection, above: Self.walLimitAtClose)
    }

    // MARK: - For migrations and tests

    /// Runs statements without parameters.
    func script(_ sql: String) throws {
        try translated { try open().executeScript(sql) }
    }

    /// The number that a query gives, such as one of the file's header.
    func number(_ sql: String) throws -> Int64 {
        var value: Int64 = 0
        try translated {
            try open().query(sql) { row in
                value = row.integer(0)
                return false
            }
        }
        return value
    }

    private func open() throws -> Connection {
        guard let connection else { throw StoreError.failed("it is closed") }
        return connection
    }

    private func translated<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw StoreError(error)
        } catch let error as GateError {
            throw StoreError.busy(error.description)
        }
    }
}

extension StoreError {
    /// What an error of SQLite means for the store.
    init(_ error: SQLiteError) {
        if error.isCommitOutcomeUnknown {
            self = .outcomeUnknown(error.message)
        } else if error.isBusy {
            self = .busy(error.message)
        } else if error.isNotADatabase {
            self = .damaged(error.message)
        } else if error.isReadOnly || error.isCannotOpen {
            self = .unusable(
                "the store cannot be opened for writing: \(error.message)",
                hint: "check the permissions of its file and folder")
        } else if error.isFull {
            self = .full
        } else {
            self = .failed(error.description)
        }
    }
}
