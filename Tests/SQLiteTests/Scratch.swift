import Glibc
import SQLite

/// A directory of a test's own, gone with the last reference.
final class Scratch {
    let directory: String

    init() {
        var template = Array("/tmp/rota-sqlite-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no scratch directory: errno \(errno)") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in Self.names(in: directory) { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    var path: String { directory + "/store.db" }

    func connection(_ mode: Connection.Mode = .readWriteCreate) throws -> Connection {
        let connection = try Connection(path: path, mode: mode)
        try connection.configure()
        return connection
    }

    /// A connection to a database with the table `item (id, name, weight, image)`.
    func stocked() throws -> Connection {
        let connection = try connection()
        try connection.executeScript(
            """
            CREATE TABLE item (
                id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, weight INTEGER, image BLOB
            ) STRICT
            """)
        return connection
    }

    func permissions(of path: String) -> UInt32? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & 0o7777 : nil
    }

    func write(_ bytes: [UInt8], to path: String) {
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
    }

    /// This process's descriptors of a file.
    func descriptors(of path: String) -> [Int32] {
        Self.names(in: "/proc/self/fd").compactMap { Int32($0) }.filter { descriptor in
            var target = [CChar](repeating: 0, count: 1_024)
            let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
            return count > 0
                && String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) == path
        }
    }

    private static func names(in directory: String) -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

extension Connection {
    /// The first column of every row, as text.
    func texts(_ sql: String, _ values: [Value] = []) throws -> [String] {
        var texts: [String] = []
        try query(sql, values) { row in
            texts.append(row.text(0))
            return true
        }
        return texts
    }

    /// The first column of the first row.
    func number(_ sql: String, _ values: [Value] = []) throws -> Int64? {
        var number: Int64?
        try query(sql, values) { row in
            number = row.optionalInteger(0)
            return false
        }
        return number
    }

    func add(_ name: String) throws {
        try execute("INSERT INTO item (name) VALUES ($1)", [.text(name)])
    }
}
