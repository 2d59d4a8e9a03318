import Glibc

/// An exclusive lock beside a database, taken around every write transaction and every checkpoint.
///
/// SQLite 3.7.0 to 3.51.2 can lose commits when one connection resets the WAL while another checkpoints it;
/// whoever writes or checkpoints holds this lock, so there is only ever one. The kernel frees it when the
/// process dies. One object is used by one thread at a time; two objects exclude each other, also in one
/// process.
package final class GateFile {
    private let descriptor: Int32

    package init(beside path: String) throws(GateError) {
        let gate = path + ".gate"
        descriptor = open(gate, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw GateError("cannot open \(gate): \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Waits for the lock, up to `seconds`.
    package func lock(patience seconds: Int = 30) throws(GateError) {
        let deadline = seconds * 1_000_000
        var waited = 0
        var pause = 50
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw GateError("cannot lock: \(String(cString: strerror(errno)))")
            }
            guard waited < deadline else {
                throw GateError(
                    "the store is busy: another process has been writing for \(seconds) seconds", isBusy: true
                )
            }
            usleep(UInt32(pause))
            waited += pause
            pause = min(pause * 2, 5_000)
        }
    }

    package func unlock() {
        flock(descriptor, LOCK_UN)
    }

    /// Runs `body` with the lock held, and frees it however `body` ends.
    package func withLock<R>(patience seconds: Int = 30, _ body: () throws -> R) throws -> R {
        try lock(patience: seconds)
        defer { unlock() }
        return try body()
    }
}

/// Why the gate is shut.
package struct GateError: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// Somebody else held the lock for the whole wait: trying again later may help.
    package let isBusy: Bool

    init(_ description: String, isBusy: Bool = false) {
        self.description = description
        self.isBusy = isBusy
    }
}
