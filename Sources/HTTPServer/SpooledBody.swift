import Crypto
import Glibc
import Synchronization

/// A folder for bodies too long for memory, and how many bytes of it they may take together.
package final class SpoolFolder: Sendable {
    package let path: String
    private let most: Int64
    private let taken = Atomic<Int64>(0)

    package init(_ path: String, most: Int64 = 8 << 30) {
        self.path = path
        self.most = most
    }

    fileprivate func take(_ count: Int) -> Bool {
        guard taken.wrappingAdd(Int64(count), ordering: .relaxed).newValue <= most else {
            giveBack(Int64(count))
            return false
        }
        return true
    }

    fileprivate func giveBack(_ count: Int64) { taken.wrappingSubtract(count, ordering: .relaxed) }
}

/// A body too long for memory: a file without a name, which is gone when its last user is.
package final class SpooledBody: Sendable {
    /// Why it could not be written: the number of the system's error, EDQUOT where all of them have no more room.
    package struct Failure: Error, Hashable, Sendable {
        package var number: Int32

        /// Whether there may be room again when others are sent.
        package var isFull: Bool { number == EDQUOT || number == ENOSPC }
    }

    /// Open for reading and writing, for as long as this is there.
    package let descriptor: Int32
    private let folder: SpoolFolder
    private let taken = Atomic<Int64>(0)

    package init(in folder: SpoolFolder) throws {
        let name = "\(folder.path)/rota-\(Hex.encode(Random.bytes(12)))"
        descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        self.folder = folder
        guard descriptor >= 0 else { throw Failure(number: errno) }
        unlink(name)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        folder.giveBack(taken.load(ordering: .relaxed))
    }

    /// Adds to its end.
    package func write(_ bytes: [UInt8]) throws {
        guard folder.take(bytes.count) else { throw Failure(number: EDQUOT) }
        taken.wrappingAdd(Int64(bytes.count), ordering: .relaxed)
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + start }, bytes.count - start)
            }
            guard count >= 0 || errno == EINTR else { throw Failure(number: errno) }
            start += max(0, count)
        }
    }

    /// Reads it from its beginning, piece by piece.
    package func eachPiece(_ body: ([UInt8]) throws -> Void) throws {
        var offset: off_t = 0
        while true {
            let piece = try [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
                var read = pread(descriptor, buffer.baseAddress, Self.pieceBytes, offset)
                while read < 0, errno == EINTR {
                    read = pread(descriptor, buffer.baseAddress, Self.pieceBytes, offset)
                }
                guard read >= 0 else { throw Failure(number: errno) }
                count = read
            }
            guard !piece.isEmpty else { return }
            try body(piece)
            offset += off_t(piece.count)
        }
    }

    private static let pieceBytes = 64 << 10

    /// Counts what somebody else has written at its path to what the folder holds.
    package func settle() throws {
        let more = size - taken.load(ordering: .relaxed)
        guard folder.take(Int(more)) else { throw Failure(number: EDQUOT) }
        taken.wrappingAdd(more, ordering: .relaxed)
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
