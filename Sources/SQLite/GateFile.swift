import Glibc

/// F_OFD_GETLK and F_OFD_SETLK of fcntl(2), which Glibc's module lacks: locks of the open file, not of the
/// process, so that two objects exclude each other and closing another descriptor frees nothing.
private let getLock: Int32 = 36
private let setLock: Int32 = 37

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

    /// Waits for the lock, up to `seconds`, and no longer than until `isOver` says so, which is told how many seconds
    /// it has been.
    package func lock(
        patience seconds: Int = 30, until isOver: (_ waited: Int) -> Bool = { _ in false }
    ) throws(GateError) {
        let deadline = seconds * 1_000_000
        var waited = 0
        var pause = 50
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw GateError("cannot lock: \(String(cString: strerror(errno)))")
            }
            guard waited < deadline, !isOver(waited / 1_000_000) else {
                throw GateError(
                    "the store is busy: another process has been writing for \(waited / 1_000_000) seconds",
                    isBusy: true)
            }
            usleep(UInt32(pause))
            waited += pause
            pause = min(pause * 2, 5_000)
        }
    }

    package func unlock() {
        flock(descriptor, LOCK_UN)
    }

    // MARK: - Numbered locks: on one byte of the file each, beside the lock of the whole

    /// Takes the lock of this number; false when another object has it. The kernel frees it when the
    /// process dies.
    package func hold(_ number: Int64) -> Bool {
        var range = Self.range(number, F_WRLCK)
        return fcntl(descriptor, setLock, &range) == 0
    }

    /// Whether another object holds the lock of this number. In doubt it is.
    package func isHeld(_ number: Int64) -> Bool {
        var range = Self.range(number, F_WRLCK)
        guard fcntl(descriptor, getLock, &range) == 0 else { return true }
        return Int32(range.l_type) != F_UNLCK
    }

    package func release(_ number: Int64) {
        var range = Self.range(number, F_UNLCK)
        _ = fcntl(descriptor, setLock, &range)
    }

    private static func range(_ number: Int64, _ kind: Int32) -> flock {
        flock(l_type: Int16(kind), l_whence: Int16(SEEK_SET), l_start: Int(number), l_len: 1, l_pid: 0)
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
