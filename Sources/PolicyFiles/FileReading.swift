import Glibc

/// Why there are no bytes.
struct FileFault: Error {
    var message: String
    var hint: String?
}

enum FileKind {
    case file, directory, other
}

/// The most that a policy file may hold.
private let mostBytes = 4 << 20

/// What stands at a path; a link is followed.
func kind(of path: String) -> Result<FileKind, FileFault> {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return .failure(systemFault()) }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .success(.file)
    case S_IFDIR: .success(.directory)
    default: .success(.other)
    }
}

/// The whole of a regular file, within the limit.
func readFile(_ path: String) -> Result<[UInt8], FileFault> {
    // Without waiting: a pipe would hold the program for ever.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(systemFault()) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return .failure(systemFault()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
        return .failure(
            FileFault(message: "this is not a file", hint: "rename it, so that it does not end in .yaml"))
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return .failure(systemFault()) }
        guard count > 0 else { return .success(bytes) }
        guard bytes.count + count <= mostBytes else {
            return .failure(
                FileFault(message: "the file is larger than \(mostBytes >> 20) MiB", hint: "split it"))
        }
        bytes += chunk[..<count]
    }
}

/// The names of a directory's entries that end so, sorted by their bytes; hidden ones are left out.
func listFiles(of path: String, endings: [String]) -> Result<[String], FileFault> {
    guard let directory = unsafe opendir(path) else { return .failure(systemFault()) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix("."), endings.contains(where: name.hasSuffix) { names.append(name) }
    }
    return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
}

/// The last error of the system, in its words.
private func systemFault() -> FileFault {
    let number = errno
    let words = unsafe strerror(number).map { unsafe String(cString: $0) }?.lowercased() ?? "error \(number)"
    let hint = number == ENOENT ? "it is not there: check the path" : "check the path and its permissions"
    return FileFault(message: "cannot be read: \(words)", hint: hint)
}
