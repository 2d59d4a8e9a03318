import CSQLite
import Glibc

/// Which file this is, among all that a file system ever had: a copy of it, or one that was put back, is another.
package struct FileIdentity: Hashable, Sendable {
    /// A number is given again after its file is gone, so that it says nothing alone.
    package let inode: UInt64
    /// When the file came to be, in nanoseconds; 0 where the file system does not know.
    package let bornAt: Int64

    package init(inode: UInt64, bornAt: Int64) {
        self.inode = inode
        self.bornAt = bornAt
    }

    /// Nil where there is no such file.
    package init?(path: String) {
        var (number, born) = (UInt64(0), Int64(0))
        guard rota_file_identity(path, &number, &born) == 0 else { return nil }
        self.init(inode: number, bornAt: born)
    }
}

/// A small file beside a database, of one size for ever, so that it can be written over without being torn.
///
/// Whoever writes it holds the database's gate. Nothing here waits for the disk but `replace`: what is lost in a power
/// cut is the newest writing, never what was there before.
package struct BesideFile: Sendable {
    /// Of all of it; one block of any file system.
    private static let size = 1024

    private let path: String

    package init(_ ending: String, beside database: String) {
        path = database + ending
    }

    /// Nil where there is none.
    package func read() -> (bytes: [UInt8], identity: FileIdentity)? {
        guard let identity = FileIdentity(path: path) else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.size)
        let count = pread(descriptor, &bytes, Self.size, 0)
        return count < 0 ? nil : (Array(bytes[..<count]), identity)
    }

    /// Writes over what is there. False where there is none, or it cannot be written.
    package func overwrite(_ content: (FileIdentity) -> [UInt8]) -> Bool {
        guard let identity = FileIdentity(path: path) else { return false }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return write(content(identity), to: descriptor)
    }

    /// Puts a new file in the place of what is there, durably. False where it cannot: then that stays as it was.
    package func replace(_ content: (FileIdentity) -> [UInt8]) -> Bool {
        let beside = path + ".new"
        unlink(beside)
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let identity = FileIdentity(path: beside), write(content(identity), to: descriptor),
            fsync(descriptor) == 0, rename(beside, path) == 0
        else {
            unlink(beside)
            return false
        }
        syncFolder()
        return true
    }

    /// Where it fails, a power cut may bring back what was there before, which is as true.
    private func syncFolder() {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func write(_ content: [UInt8], to descriptor: Int32) -> Bool {
        guard content.count < Self.size else { return false }
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: Self.size - content.count - 1)
        let bytes = content + padding + [UInt8(ascii: "\n")]
        return pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    }
}

/// What a machine is called by its system, once and for all; empty where it has no such name.
package let machineName: String = {
    let descriptor = open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
}()
