package import Engine
import RotaCore
import SQLite

/// Marks a file as a rota store, in the header of the file: `rota` in ASCII.
private let applicationID: Int64 = 0x726F_7461

/// Bytes.
private let largestChecked: Int64 = 256 << 20

/// What a store is opened for.
package enum StoreMode: Sendable {
    case readOnly, readWrite
}

/// Opens the store at `sqlite:PATH` and brings its schema up to date.
///
/// - parameters:
///   - endpoints: who gets events, which is settled when an event is written.
///   - patience: with other processes that write.
///   - checking: first reads all of it through, and refuses one that is damaged anywhere; up to 256 MiB, which take
///     less than a second. A larger one would keep whoever waits for an answer waiting for minutes.
/// - throws: `StoreError.unusable` when there is none, it is none, it is newer, damaged, or somebody else's.
package func openStore(
    at location: String, endpoints: [Endpoint], mode: StoreMode = .readWrite, patience: StorePatience = StorePatience(),
    checking: Bool = false
) throws -> any Store {
    let path = try sqlitePath(location)
    let facts = try requireStore(at: path)
    if checking, facts.size <= largestChecked { try requireSound(path) }
    var driver = try connect(path, .readWrite, patience)
    try migrate(driver, path: path)
    if mode == .readOnly { driver = try connect(path, .readOnly) }
    return SQLStore(driver, endpoints: endpoints)
}

/// Makes a store at `sqlite:PATH` where there is none, with the folder that it lies in, 0700.
///
/// - throws: `StoreError.unusable` when something is there already, or the folder cannot be written.
package func createStore(at location: String, identity: StoreIdentity, change: Change) throws {
    let path = try sqlitePath(location)
    if let facts = FileFacts(path: path) {
        try requireOurs(facts, path)
        // One transaction makes all of a store, so that an `init` that died leaves an empty database.
        let found = try header(of: path)
        guard found.application == 0, found.tables == 0 else {
            throw StoreError.unusable(
                found.application == applicationID
                    ? "there is a store at \(path) already" : "there is another file at \(path) already",
                hint: "use it, or name another place in the configuration; it was not touched")
        }
    } else if FileFacts(path: path + "-wal") != nil {
        // The log of a store whose file was moved away: a new store would write over what only it holds.
        throw StoreError.unusable(
            "there is no store at \(path), but the log \(path)-wal of one",
            hint: "put the store back beside it; or move \(path)-wal away to begin anew")
    } else if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
        let folder = String(path[..<slash])
        guard FileFacts.makePrivateDirectory(folder) else {
            throw StoreError.unusable(
                "cannot make the folder \(folder)", hint: "check the permissions above it")
        }
    }
    let driver = try connect(path, .readWriteCreate)
    let store = SQLStore(driver, endpoints: [])
    try driver.transaction {
        guard try driver.number("PRAGMA application_id") == 0 else {
            throw StoreError.unusable("another process made \(path) meanwhile", hint: "use it")
        }
        try driver.script("PRAGMA application_id = \(applicationID)")
        for migration in Migration.all { try apply(migration, to: driver) }
        try store.begin(identity, change: change)
        try store.markAtBegin(replacing: true)
    }
}

func sqlitePath(_ location: String) throws -> String {
    guard location.hasPrefix("sqlite:"), location.utf8.count > "sqlite:".utf8.count else {
        throw StoreError.unusable("'\(location)' names no store", hint: "write sqlite:PATH")
    }
    return String(location.dropFirst("sqlite:".count))
}

/// A store that is there, and ours.
@discardableResult
func requireStore(at path: String) throws -> FileFacts {
    guard let facts = FileFacts(path: path) else { throw StoreError.missing(path) }
    try requireOurs(facts, path)
    guard try header(of: path).application == applicationID else { throw notAStore(path) }
    return facts
}

private func notAStore(_ path: String) -> StoreError {
    .unusable(
        "\(path) is not a rota store", hint: "check 'store' in the configuration; the file was not touched")
}

/// A command run as somebody else would leave files beside the store that its owner cannot write.
private func requireOurs(_ facts: FileFacts, _ path: String) throws {
    guard facts.isRegular else {
        throw StoreError.unusable("\(path) is not a file", hint: "give the path of a file after 'sqlite:'")
    }
    guard facts.owner != FileFacts.currentUser else { return }
    let owner = facts.ownerName ?? "#\(facts.owner)"
    throw StoreError.unusable(
        "the store \(path) belongs to \(owner)", hint: "run it as its owner: sudo -u \(owner) rota …")
}

/// Looked at without writing: a file that is not ours stays as it is.
private func header(of path: String) throws -> (application: Int64, tables: Int64) {
    do {
        let connection = try Connection(path: path, mode: .readOnly)
        var tables: Int64 = 0
        try connection.query("SELECT count(*) FROM sqlite_schema") { row in
            tables = row.integer(0)
            return true
        }
        return (try connection.applicationID(), tables)
    } catch let error as SQLiteError {
        throw error.isNotADatabase ? notAStore(path) : StoreError(error)
    }
}

/// As SQLite checks a file, but for whether its indexes agree with its rows: that takes many times as long.
private func requireSound(_ path: String) throws {
    do {
        try Connection(path: path, mode: .readOnly).query("PRAGMA quick_check(1)") { row in
            let found = row.text(0)
            guard found == "ok" else { throw StoreError.damaged(found) }
            return true
        }
    } catch let error as SQLiteError {
        throw StoreError(error)
    }
}

extension StoreError {
    static func damaged(_ how: String) -> StoreError {
        .unusable("the store is damaged: \(how)", hint: "restore it from a backup")
    }
}

func connect(
    _ path: String, _ mode: Connection.Mode, _ patience: StorePatience = StorePatience()
) throws -> SQLiteDriver {
    do {
        return try SQLiteDriver(path: path, mode: mode, patience: patience)
    } catch let error as SQLiteError {
        throw StoreError(error)
    } catch let error as GateError {
        throw StoreError.unusable(error.description, hint: "check the permissions of the store's folder")
    }
}

/// Brings the schema up to date, each step in one transaction, and refuses one that is newer than we are.
private func migrate(_ driver: SQLiteDriver, path: String) throws {
    let newest = Migration.all.last?.number ?? 0
    let found = try driver.number("PRAGMA user_version")
    guard found <= newest else {
        throw StoreError.unusable(
            "the store \(path) was written by a newer rota (schema \(found); this one knows \(newest))",
            hint: "use the newer rota; this one changed nothing")
    }
    for migration in Migration.all where migration.number > found {
        try driver.transaction {
            // Read again behind the lock: another process may have been quicker.
            guard try driver.number("PRAGMA user_version") < migration.number else { return }
            try apply(migration, to: driver)
            // Earlier releases made no mark: this one takes the store for what it says it is, once.
            if migration.number == Migration.freezes.number, found > 0 {
                try SQLStore(driver, endpoints: []).markAtBegin(replacing: false)
            }
        }
    }
}

private func apply(_ migration: Migration, to driver: SQLiteDriver) throws {
    try driver.script(migration.sqlite)
    try driver.script("PRAGMA user_version = \(migration.number)")
}
