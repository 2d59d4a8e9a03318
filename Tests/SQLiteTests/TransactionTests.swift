import Glibc
import Testing

@testable import SQLite

@Suite struct TransactionTests {
    private let scratch = Scratch()

    @Test func `what is rolled back was never there, and what is committed stays`() throws {
        let connection = try scratch.stocked()
        try connection.begin()
        #expect(connection.isInTransaction)
        try connection.add("gone")
        try connection.rollback()
        #expect(!connection.isInTransaction)
        try connection.begin()
        try connection.add("kept")
        try connection.commit()
        #expect(try scratch.connection(.readOnly).texts("SELECT name FROM item") == ["kept"])
        // Nothing is open: nothing happens.
        try connection.rollback()
    }

    @Test func `a savepoint undoes its own part alone`() throws {
        let connection = try scratch.stocked()
        try connection.begin()
        try connection.add("a")
        try connection.savepoint("outer \"one\"")
        try connection.add("b")
        try connection.savepoint("inner")
        try connection.add("c")
        try connection.rollback(to: "inner")
        try connection.release("outer \"one\"")
        try connection.commit()
        #expect(try connection.texts("SELECT name FROM item ORDER BY name") == ["a", "b"])
        // Nothing is open: nothing happens.
        try connection.rollback(to: "inner")
    }

    @Test func `a second writer is told that the store is busy`() throws {
        let first = try scratch.stocked()
        let second = try scratch.connection()
        try second.executeScript("PRAGMA busy_timeout=0")
        try first.begin()
        let error = #expect(throws: SQLiteError.self) { try second.begin() }
        #expect(error?.isBusy == true)
        #expect(try second.number("SELECT count(*) FROM item") == 0)
        try first.commit()
        try second.begin()
        try second.rollback()
    }

    @Test func `a commit that a constraint refuses is known to be refused`() throws {
        let connection = try scratch.connection()
        try connection.executeScript(
            """
            CREATE TABLE owner (id INTEGER PRIMARY KEY);
            CREATE TABLE thing (owner INTEGER REFERENCES owner (id) DEFERRABLE INITIALLY DEFERRED);
            """)
        try connection.begin()
        try connection.execute("INSERT INTO thing VALUES (1)")
        let error = #expect(throws: SQLiteError.self) { try connection.commit() }
        #expect(error?.isConstraintViolation == true)
        #expect(error?.isCommitOutcomeUnknown == false)
        #expect(connection.isInTransaction)
        try connection.rollback()
    }

    /// A full device, and a descriptor that refuses every write, put in the place of this connection's WAL.
    @Test(arguments: [("/dev/full", 13, false), ("/dev/null", 778, true)] as [(String, Int32, Bool)])
    func `a commit that the disk fails may be there, and one that found no room is not`(
        device: String, code: Int32, isUnknown: Bool
    ) throws {
        let connection = try scratch.stocked()
        try connection.begin()
        try connection.add("a")
        let stand = open(device, (device == "/dev/full" ? O_RDWR : O_RDONLY) | O_CLOEXEC)
        try #require(stand >= 0)
        defer { close(stand) }
        let wal = scratch.descriptors(of: scratch.path + "-wal")
        try #require(wal.count == 1)
        for descriptor in wal { dup2(stand, descriptor) }

        let error = #expect(throws: SQLiteError.self) { try connection.commit() }
        #expect(error?.isCommitOutcomeUnknown == isUnknown)
        #expect(error?.code == code)
    }

    /// Result codes: I/O error in its kinds, corrupt, cannot open, out of memory, no database.
    @Test(arguments: [10, 1034, 266, 778, 1290, 4874, 11, 14, 7, 26] as [Int32])
    func `these failures of a commit leave it unknown`(code: Int32) {
        #expect(SQLiteError.leavesCommitUnknown(code))
    }

    /// Busy in its kinds, locked, full, constraint in its kinds, misuse.
    @Test(arguments: [5, 261, 517, 6, 13, 19, 787, 2067, 21] as [Int32])
    func `these failures of a commit mean that it has not happened`(code: Int32) {
        #expect(!SQLiteError.leavesCommitUnknown(code))
    }
}

@Suite struct CheckpointTests {
    private let scratch = Scratch()
    private var walSize: Int64? { FileFacts(path: scratch.path + "-wal")?.size }

    @Test func `a checkpoint empties the WAL`() throws {
        let connection = try scratch.stocked()
        try connection.add("a")
        #expect((walSize ?? 0) > 0)
        try connection.checkpoint()
        #expect(walSize == 0)
        #expect(try connection.number("PRAGMA busy_timeout") == 5_000)
    }

    @Test func `a checkpoint leaves what a reader needs, and the next one takes it`() throws {
        let connection = try scratch.stocked()
        try connection.add("a")
        let reader = try scratch.connection(.readOnly)
        try reader.query("SELECT name FROM item") { _ in
            try connection.add("b")
            try connection.checkpoint()
            #expect((walSize ?? 0) > 0)
            #expect(try reader.texts("SELECT name FROM item WHERE name = 'b'") == [])
            return true
        }
        try connection.checkpoint()
        #expect(walSize == 0)
        #expect(try reader.texts("SELECT name FROM item ORDER BY name") == ["a", "b"])
    }
}

@Suite struct BackupTests {
    private let scratch = Scratch()
    private var target: String { scratch.directory + "/copy.db" }

    @Test func `a backup is a whole database of its owner alone, with what was committed`() throws {
        let connection = try scratch.stocked()
        try connection.begin()
        for number in 0..<2_000 { try connection.add("item \(number)") }
        try connection.commit()
        try connection.backup(to: target)
        #expect(scratch.permissions(of: target) == 0o600)
        try connection.add("later")

        let copy = try Connection(path: target, mode: .readWrite)
        #expect(try copy.number("SELECT count(*) FROM item") == 2_000)
        #expect(try copy.texts("PRAGMA integrity_check") == ["ok"])
    }

    @Test func `a backup leaves out what another connection has not committed`() throws {
        let writer = try scratch.stocked()
        try writer.add("a")
        try writer.begin()
        try writer.add("b")
        try scratch.connection(.readOnly).backup(to: target)
        try writer.commit()
        #expect(try Connection(path: target, mode: .readWrite).texts("SELECT name FROM item") == ["a"])
    }

    @Test func `a backup never overwrites a file`() throws {
        let connection = try scratch.stocked()
        scratch.write([1, 2, 3], to: target)
        #expect(throws: SQLiteError.self) { try connection.backup(to: target) }
        #expect(FileFacts(path: target)?.size == 3)
        #expect(throws: SQLiteError.self) { try connection.backup(to: scratch.directory + "/none/copy.db") }
    }

    @Test func `a backup that fails leaves no file`() throws {
        scratch.write([UInt8](repeating: 0x41, count: 8_192), to: scratch.path)
        let connection = try Connection(path: scratch.path, mode: .readWrite)
        let error = #expect(throws: SQLiteError.self) { try connection.backup(to: target) }
        #expect(error?.isNotADatabase == true)
        #expect(FileFacts(path: target) == nil)
    }
}
