import Glibc
import SQLite
import Testing

@Suite struct ConnectionTests {
    private let scratch = Scratch()

    @Test func `a new file belongs to its owner alone, and so do the files beside it`() throws {
        let connection = try scratch.stocked()
        try connection.add("a")
        for suffix in ["", "-wal", "-shm"] {
            #expect(scratch.permissions(of: scratch.path + suffix) == 0o600)
        }
    }

    @Test func `a connection waits for others from its first look at the file on`() throws {
        _ = try scratch.stocked()
        let connection = try Connection(path: scratch.path, mode: .readOnly)
        #expect(try connection.number("PRAGMA busy_timeout") == 5_000)
    }

    @Test func `a configured connection has the settings of a store`() throws {
        let connection = try scratch.connection()
        #expect(try connection.texts("PRAGMA journal_mode") == ["wal"])
        #expect(try connection.number("PRAGMA synchronous") == 2)
        #expect(try connection.number("PRAGMA foreign_keys") == 1)
        #expect(try connection.number("PRAGMA wal_autocheckpoint") == 0)
        #expect((try connection.number("PRAGMA mmap_size") ?? 0) == 0)
        #expect(try connection.number("PRAGMA trusted_schema") == 0)
        #expect(try connection.number("PRAGMA temp_store") == 2)
        #expect(try connection.number("PRAGMA busy_timeout") == 5_000)
        #expect(try connection.number("PRAGMA cache_size") == -8_192)
    }

    @Test func `the schema table cannot be written`() throws {
        let connection = try scratch.stocked()
        try connection.executeScript("PRAGMA writable_schema=ON")
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM sqlite_schema") }
    }

    @Test func `closing the last connection leaves the WAL for whoever checkpoints under the gate`() throws {
        do { try scratch.stocked().add("a") }
        #expect((FileFacts(path: scratch.path + "-wal")?.size ?? 0) > 0)
        #expect(try scratch.connection(.readWrite).texts("SELECT name FROM item") == ["a"])
    }

    @Test(arguments: [Connection.Mode.readOnly, .readWrite])
    func `a missing file is only made when asked for`(mode: Connection.Mode) {
        let error = #expect(throws: SQLiteError.self) { try Connection(path: scratch.path, mode: mode) }
        #expect(error?.isCannotOpen == true)
        #expect(FileFacts(path: scratch.path) == nil)
    }

    @Test func `a file that is no database is told apart`() throws {
        scratch.write([UInt8](repeating: 0x41, count: 8_192), to: scratch.path)
        let error = #expect(throws: SQLiteError.self) { try scratch.connection() }
        #expect(error?.isNotADatabase == true)
    }

    @Test func `a connection that only reads refuses to write`() throws {
        try scratch.stocked().add("a")
        let reader = try scratch.connection(.readOnly)
        #expect(try reader.texts("SELECT name FROM item") == ["a"])
        let error = #expect(throws: SQLiteError.self) { try reader.add("b") }
        #expect(error?.isReadOnly == true)
    }

    @Test func `a place that cannot have a WAL is refused`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try Connection(path: ":memory:", mode: .readWrite).configure()
        }
        #expect(error?.message == "the journal mode is 'memory' and cannot be WAL here")
    }

    /// POSIX drops a process's locks on a file when any of its descriptors is closed; without its lock,
    /// another process would take this one's WAL for left over.
    @Test func `opening a database once more does not lose the locks on it`() throws {
        let first = try scratch.stocked()
        try first.add("a")
        #expect(try isLocked())
        _ = try Connection(path: scratch.path, mode: .readWriteCreate)
        #expect(try isLocked())
    }

    /// Whether another open file of the database would find a lock on it.
    private func isLocked() throws -> Bool {
        let descriptor = open(scratch.path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
        // Left open: to close it would be to drop the locks that are asked about.
        var range = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        let lookAtLocksOfTheOpenFile: Int32 = 36  // F_OFD_GETLK of fcntl(2)
        try #require(fcntl(descriptor, lookAtLocksOfTheOpenFile, &range) == 0)
        return Int32(range.l_type) != F_UNLCK
    }

    @Test func `a statement can be interrupted, and the connection goes on`() throws {
        let connection = try scratch.stocked()
        let interrupter = connection.interrupter
        var rows = 0
        let error = #expect(throws: SQLiteError.self) {
            try connection.query(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
            ) { _ in
                rows += 1
                if rows == 100 { interrupter.interrupt() }
                return rows < 1_000_000
            }
        }
        #expect(error?.isInterrupted == true)
        try connection.add("a")
        #expect(try connection.number("SELECT count(*) FROM item") == 1)
    }

    @Test func `interrupting a closed connection does nothing`() throws {
        let interrupter = try scratch.stocked().interrupter
        interrupter.interrupt()
    }
}
