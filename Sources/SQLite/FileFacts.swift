import Glibc

/// What the file system says of a file.
package struct FileFacts: Hashable, Sendable {
    /// Numeric user id of the owner.
    package let owner: UInt32
    /// The owner's name, where the system knows one.
    package let ownerName: String?
    package let size: Int64
    package let isRegular: Bool

    /// Nil when there is no such file.
    package init?(path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        owner = facts.st_uid
        size = Int64(facts.st_size)
        isRegular = facts.st_mode & S_IFMT == S_IFREG
        ownerName = Self.userName(facts.st_uid)
    }

    /// The effective user of this process.
    package static var currentUser: UInt32 { geteuid() }

    /// Makes a directory, 0700, with those above it.
    ///
    /// False when it cannot be made.
    package static func makePrivateDirectory(_ path: String) -> Bool {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            return false
        }
        return makePrivateDirectory(String(path[..<slash])) && mkdir(path, 0o700) == 0
    }

    /// Takes a directory away with the files in it. It has to have no directories; what cannot be taken away stays.
    package static func removeDirectory(_ path: String) {
        guard let folder = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(folder)
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    private static func userName(_ user: UInt32) -> String? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, found != nil,
            let name = record.pw_name
        else { return nil }
        return String(cString: name)
    }
}
