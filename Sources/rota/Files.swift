import Glibc
import RotaCore

/// An open file.
struct File: ~Copyable {
    let path: String
    private let descriptor: Int32
    private let status: stat

    /// Opens for reading.
    ///
    /// - parameter waits: whether to wait for a pipe's other end; else a pipe would hold nobody up.
    init(reading path: String, waits: Bool = false) throws(Failure) {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | (waits ? 0 : O_NONBLOCK))
        guard opened >= 0 else {
            let problem = errno
            throw .usage("cannot open \(path): \(systemMessage(problem))", hint: openingHint(path, problem))
        }
        try self.init(path: path, descriptor: opened)
    }

    private init(path: String, descriptor: Int32) throws(Failure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let problem = errno
            _ = close(descriptor)
            throw Failure("cannot look at \(path): \(systemMessage(problem))")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            _ = close(descriptor)
            throw .usage("\(path) is a directory", hint: "give a file")
        }
        self.path = path
        self.descriptor = descriptor
        self.status = status
    }

    deinit { _ = close(descriptor) }

    /// In bytes.
    var size: Int { Int(status.st_size) }
    /// When it was last written.
    var modifiedAt: Instant { Instant(seconds: Int64(status.st_mtim.tv_sec)) }
    var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }
    var permissions: UInt32 { status.st_mode & 0o777 }

    /// The next bytes, at most so many; none at the end.
    borrowing func readChunk(most: Int) throws(Failure) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: most)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("cannot read \(path): \(systemMessage(errno))") }
            return Array(chunk[..<count])
        }
    }

    /// All bytes; refuses more than `most`.
    borrowing func readAll(most: Int) throws(Failure) -> [UInt8] {
        try readDescriptor(descriptor, named: path, most: most)
    }
}

/// Reads to the end; refuses more than `most` bytes.
func readDescriptor(_ descriptor: Int32, named name: String, most: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw Failure("cannot read \(name): \(systemMessage(errno))") }
        if count == 0 { return bytes }
        guard bytes.count + count <= most else {
            throw .usage(
                "\(name) is larger than \(most >> 10) KiB", hint: "this is not the file that you meant")
        }
        bytes += chunk[..<count]
    }
}

/// What to do about a file that cannot be opened.
private func openingHint(_ path: String, _ problem: Int32) -> String? {
    switch problem {
    case ENOENT, ENOTDIR:
        let place = path.hasPrefix("/") ? "" : ", which is looked for in \(currentDirectory())"
        return "give the path of a file that is there\(place)"
    case EACCES, EPERM: return "let the user that runs rota read it, or give another file"
    default: return nil
    }
}

enum FileKind { case file, directory, other }

/// What is at a path; nil when there is nothing, or nothing that we may see.
func kindOfFile(at path: String) -> FileKind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
}

/// Makes a directory for us alone, with the ones above it; nothing happens to those that are there.
func makeDirectory(_ path: String) throws(Failure) {
    guard kindOfFile(at: path) != .directory else { return }
    let parent = directory(of: path)
    if parent != path { try makeDirectory(parent) }
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw Failure("cannot make the directory \(path): \(systemMessage(errno))")
    }
}

/// A file that comes to be as a whole or not at all: written beside its place, then renamed into it.
final class NewFile {
    private let path: String
    /// Where it is until it is placed.
    let beside: String
    /// Open for writing, for as long as this is there.
    let descriptor: Int32
    /// The name beside is ours to remove.
    private var isBeside = true

    /// Mode 0600.
    init(at path: String, suffix: String) throws(Failure) {
        self.path = path
        beside = "\(path).\(suffix).new"
        descriptor = unsafe open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let problem = errno
            let folder = directory(of: path)
            let isWrongPlace = problem == ENOENT || problem == ENOTDIR || problem == EACCES
            throw Failure(
                "cannot write \(path): \(systemMessage(problem))",
                hint: isWrongPlace ? "\(folder) must be a directory that you may write to" : nil,
                code: isWrongPlace ? .usage : .failed)
        }
    }

    deinit {
        _ = close(descriptor)
        if isBeside { _ = unsafe unlink(beside) }
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        if let problem = unsafe bytes.withUnsafeBytes({ unsafe writeAll($0, to: descriptor) }) {
            throw Failure("cannot write \(path): \(systemMessage(problem))")
        }
    }

    /// Puts it in its place, durably; without `replacing` it throws where something is there already.
    func place(replacing: Bool = true) throws(Failure) {
        let placed =
            unsafe fsync(descriptor) == 0 && (replacing ? rename(beside, path) : link(beside, path)) == 0
        guard placed else { throw Failure("cannot write \(path): \(systemMessage(errno))") }
        // A link leaves the name beside, which goes with this object.
        isBeside = !replacing
        let folder = unsafe open(directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        _ = fsync(folder)
        _ = close(folder)
    }
}

/// Removes a file; nothing happens where there is none.
func removeFile(_ path: String) throws(Failure) {
    guard unsafe unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR else {
        throw Failure("cannot remove \(path): \(systemMessage(errno))")
    }
}

/// `/etc/rota` of `/etc/rota/rota.yaml`.
func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// A path as it is when written relative to `directory`.
func absolutePath(_ path: String, in directory: String) -> String {
    path.hasPrefix("/") ? path : directory == "." ? path : "\(directory)/\(path)"
}

/// The working directory.
func currentDirectory() -> String {
    guard let text = unsafe getcwd(nil, 0) else { return "." }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
}
