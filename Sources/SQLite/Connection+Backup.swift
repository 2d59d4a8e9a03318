import CSQLite
import Glibc

extension Connection {
    /// Pages that are copied between two looks around: a megabyte of the usual ones.
    private static let pagesAtOnce: Int32 = 256

    /// Copies the database, as it is at one instant, to a new file of mode 0600; writers go on meanwhile.
    ///
    /// - Throws: when the file exists already or cannot be written; an unfinished copy is removed.
    package func backup(to target: String) throws(SQLiteError) {
        let file = open(target, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let cause = String(cString: strerror(errno))
            throw SQLiteError(code: SQLITE_CANTOPEN, message: "cannot make the backup \(target): \(cause)")
        }
        close(file)
        do throws(SQLiteError) {
            try backup(into: target) { _, _ in }
        } catch {
            unlink(target)
            throw error
        }
    }

    /// The same into an empty file that is there. Nothing of it is durable before the caller has synced the file.
    ///
    /// One read transaction, hence one instant, which in WAL mode stops no writer. The copy needs no log beside it, so
    /// that it can be read where nothing can be written. It is this connection's to be in no transaction.
    ///
    /// - parameter each: told how many pages of how many are copied.
    package func backup(into target: String, _ each: (_ copied: Int, _ of: Int) -> Void) throws(SQLiteError) {
        let copy = try Connection(path: target, mode: .readWrite)
        // A copy that is not finished is thrown away, so that nothing has to be undone in it, nor synced on the way.
        try copy.executeScript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-2048")
        // The steps of a copy go over one state only where a transaction is open around them.
        try executeScript("BEGIN; SELECT count(*) FROM sqlite_schema")
        defer { try? rollback() }
        try copyPages(to: copy, each)
        // As copied it says that it has a log.
        try copy.executeScript("PRAGMA journal_mode=DELETE")
    }

    private func copyPages(to copy: Connection, _ each: (Int, Int) -> Void) throws(SQLiteError) {
        guard let backup = sqlite3_backup_init(copy.handle, "main", handle, "main") else {
            throw SQLiteError(copy.handle, code: sqlite3_errcode(copy.handle))
        }
        var stepped = SQLITE_OK
        while stepped == SQLITE_OK {
            stepped = sqlite3_backup_step(backup, Self.pagesAtOnce)
            let total = Int(sqlite3_backup_pagecount(backup))
            each(total - Int(sqlite3_backup_remaining(backup)), total)
        }
        let finished = sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE else {
            throw SQLiteError(copy.handle, code: finished == SQLITE_OK ? stepped : finished)
        }
    }
}
