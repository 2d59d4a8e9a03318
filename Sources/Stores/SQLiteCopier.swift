package import Engine
import SQLite

/// What copies the store at `sqlite:PATH`.
///
/// - throws: `StoreError.unusable` when there is none, it is none, or it is somebody else's.
package func openCopier(at location: String) throws -> any StoreCopying {
    let path = try sqlitePath(location)
    try requireStore(at: path)
    return SQLiteCopier(path: path)
}

/// Over a connection of its own that only reads: neither the gate nor a lock of SQLite is in its way, nor it in theirs.
/// What is written meanwhile stays in the log until the copy is made.
private struct SQLiteCopier: StoreCopying {
    let path: String

    func copy(into target: String, _ progress: (StoreCopyStep) -> Void) throws -> StoreCopy {
        let source: Connection
        do throws(SQLiteError) {
            source = try Connection(path: path, mode: .readOnly)
            try source.executeScript("PRAGMA cache_size=-2048; PRAGMA mmap_size=0")
        } catch {
            throw StoreError(error)
        }
        do throws(SQLiteError) {
            try source.backup(into: target) { progress(.copying(done: $0, of: $1)) }
        } catch {
            throw failure(error, target)
        }
        progress(.checking)
        do {
            return try check(target)
        } catch let error as SQLiteError {
            throw failure(error, target)
        }
    }

    /// Read anew from the file: what was meant to be written need not be what is there.
    private func check(_ target: String) throws -> StoreCopy {
        let copy = try Connection(path: target, mode: .readOnly)
        var faults: [String] = []
        try copy.query("PRAGMA integrity_check(5)") { row in
            faults.append(row.text(0))
            return true
        }
        guard faults == ["ok"] else {
            throw StoreError.unusable(
                "the copy is damaged: \(faults.joined(separator: "; "))",
                hint: "check both disks, and try again; where it stays so, the store itself is damaged")
        }
        func number(_ sql: String) throws -> Int64 {
            var value: Int64 = 0
            try copy.query(sql) { row in
                value = row.integer(0)
                return false
            }
            return value
        }
        func fact(_ key: String) throws -> String {
            var value = ""
            try copy.query(Statement.fact.text, [.text(key)]) { row in
                value = row.text(0)
                return true
            }
            return value
        }
        return StoreCopy(
            instance: try fact("instance"), generation: Int64(try fact("generation")) ?? 0,
            newestEntry: try number(Statement.newestAuditEntry.sql), schema: try number("PRAGMA user_version"),
            bytes: FileFacts(path: target)?.size ?? 0)
    }

    /// What went wrong with the copy is said of the copy: the store itself is as it was.
    private func failure(_ error: SQLiteError, _ target: String) -> StoreError {
        if error.isFull {
            return .refused(
                "there is no room for the copy beside \(target); the store is as it was",
                hint: "make room there, or give a file on another disk")
        }
        if error.isNotADatabase { return .damaged(error.message) }
        return .refused(
            "the copy could not be made: \(error.description); the store is as it was",
            hint: "check the disk of \(target), and try again")
    }
}
