import Crypto
import Glibc

/// Which files the names of an open database stand for.
///
/// SQLite goes on with the files that it has open, whatever becomes of their names. Where another file has taken a
/// name, or nothing has it any more, this process and those that come later work on two databases, behind two gates:
/// neither sees what the other one writes.
package final class DatabaseFiles: Sendable {
    private struct File: Hashable {
        var device: dev_t
        var inode: ino_t

        init?(at path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0 else { return nil }
            device = facts.st_dev
            inode = facts.st_ino
        }
    }

    private static let endings = ["", "-wal", "-shm", ".gate"]

    private let path: String
    private let known: Locked<[String: File]>

    /// Nil where there is no database at `path`.
    package init?(of path: String) {
        guard let file = File(at: path) else { return nil }
        self.path = path
        known = Locked(["": file])
        _ = change()
    }

    /// A name that stands for another file than it did, or for none; nil where all are as they were.
    ///
    /// What is beside the database is made when it is first needed, and counts from when it is first seen.
    package func change() -> String? {
        known.withLock { known in
            for ending in Self.endings {
                let file = File(at: path + ending)
                guard let before = known[ending] else {
                    known[ending] = file
                    continue
                }
                if file != before { return path + ending }
            }
            return nil
        }
    }
}
