import CSQLite
import Glibc

extension Connection {
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
            try copyPages(to: try Connection(path: target, mode: .readWrite))
        } catch {
            unlink(target)
            throw error
        }
    }

    private func copyPages(to copy: Connection) throws(SQLiteError) {
        guard let backup = sqlite3_backup_init(copy.handle, "main", handle, "main") else {
            throw SQLiteError(copy.handle, code: sqlite3_errcode(copy.handle))
        }
        // All pages in one step: one read transaction, hence one instant, which in WAL mode stops no writer.
        let stepped = sqlite3_backup_step(backup, -1)
        let finished = sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE else {
            throw SQLiteError(copy.handle, code: finished == SQLITE_OK ? stepped : finished)
        }
    }
}
