import Glibc

/// A body too long for memory: a file without a name, which is gone when its last user is.
package final class SpooledBody: Sendable {
    /// Why it could not be written: the number of the system's error.
    package struct Failure: Error, Hashable, Sendable {
        package var number: Int32
    }

    let descriptor: Int32

    /// - parameter folder: where there is room for it.
    package init(in folder: String) throws {
        // Six times X, for which mkstemp(3) puts letters that make it a new name.
        var template = Array("\(folder)/rota-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Failure(number: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    deinit { close(descriptor) }

    /// Adds to its end.
    package func write(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + start }, bytes.count - start)
            }
            guard count >= 0 || errno == EINTR else { throw Failure(number: errno) }
            start += max(0, count)
        }
    }

    /// How many bytes it has.
    package var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Where it can be opened anew, for as long as this is there.
    package var path: String { "/proc/self/fd/\(descriptor)" }

    /// One more descriptor of it, for who closes it himself.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
}
