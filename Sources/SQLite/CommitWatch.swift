import CSQLite

/// One state of a database: another one after every commit of anybody, in this process or another one.
package struct CommitMark: Hashable, Sendable {
    /// The WAL-index header: among other things a counter of commits, and a checksum over all that is in the WAL.
    fileprivate let words: SIMD8<UInt64>
}

/// Tells whether anybody has committed, without a transaction: a look at memory that SQLite shares between processes,
/// the same look by which its own readers find out whether what they have read is still true.
///
/// Any thread may ask, also while others use the connection.
// Unchecked: the header is only read; the connection is only kept open, so that the header stays where it is.
package final class CommitWatch: @unchecked Sendable {
    private let connection: Connection
    private let header: UnsafeRawPointer

    /// Nil where SQLite shares no such memory.
    ///
    /// - parameter connection: one that has read before, and is not in use now.
    package init?(_ connection: Connection) {
        guard let header = rota_sqlite_wal_header(connection.handle) else { return nil }
        self.connection = connection
        self.header = UnsafeRawPointer(header)
    }

    /// The state that is committed now; nil while it is being written, and before anybody has read.
    package var mark: CommitMark? {
        var state = rota_sqlite_wal_state()
        guard rota_sqlite_read_wal_header(header, &state) != 0 else { return nil }
        let words = state.words
        return CommitMark(words: SIMD8(words.0, words.1, words.2, words.3, words.4, words.5, 0, 0))
    }
}
