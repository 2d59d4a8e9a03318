import CSQLite

/// What SQLite said.
///
/// Never holds bound values.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// The extended result code (https://www.sqlite.org/rescode.html).
    package let code: Int32
    package let message: String
    /// The statement's text, where there was one.
    package let sql: String?
    /// COMMIT failed in such a way that it may or may not be on disk.
    package let isCommitOutcomeUnknown: Bool

    package init(code: Int32, message: String, sql: String? = nil, isCommitOutcomeUnknown: Bool = false) {
        self.code = code
        self.message = message
        self.sql = sql
        self.isCommitOutcomeUnknown = isCommitOutcomeUnknown
    }

    /// The error that a connection reports now.
    init(_ connection: OpaquePointer?, code: Int32, sql: String? = nil) {
        let message =
            connection.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        self.init(code: code, message: message, sql: sql)
    }

    private var primary: Int32 { code & 0xFF }

    package var isConstraintViolation: Bool { primary == SQLITE_CONSTRAINT }
    package var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }
    package var isNotADatabase: Bool { primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT }
    package var isReadOnly: Bool { primary == SQLITE_READONLY }
    package var isFull: Bool { primary == SQLITE_FULL }
    package var isInterrupted: Bool { primary == SQLITE_INTERRUPT }
    package var isCannotOpen: Bool { primary == SQLITE_CANTOPEN }

    package var description: String {
        "\(message) (SQLite \(code))" + (sql.map { " in: \($0)" } ?? "")
    }

    /// Whether a failed COMMIT with this code leaves its outcome unknown.
    ///
    /// An I/O error may have come after the bytes reached the disk; busy and constraint errors are plain
    /// refusals. A full disk is told by the write that found no room, before the log is synced: the frame that would
    /// make a commit of it is not whole then, and whoever reads the log leaves it out (Decisions/0021).
    static func leavesCommitUnknown(_ code: Int32) -> Bool {
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CONSTRAINT, SQLITE_MISUSE, SQLITE_FULL: false
        default: true
        }
    }
}
