package import Engine
import RotaCore
import SQLite

/// Marks a file as a rota store, in its header.
private let applicationID: Int64 = 0x726F_7461

/// Opens the store at `sqlite:PATH`.
///
/// - parameter endpoints: who gets events: settled when an event is written.
/// - throws: `StoreError.unusable` when there is none, it is none, it is newer, or it is somebody else's.
package func openStore(at location: String, endpoints: [Endpoint]) throws -> any Store {
    let path = try sqlitePath(location)
    guard let facts = FileFacts(path: path) else {
        throw StoreError.unusable("there is no store at \(path)", hint: "make one with 'rota init'")
    }
    guard facts.isRegular else {
        throw StoreError.unusable("\(path) is not a file", hint: "give the path of a file after 'sqlite:'")
    }
    try requireOwner(facts, of: path)
    let driver: SQLiteDriver
    do {
        // Looked at without writing first: a file that is not ours stays as it is.
        guard try Connection(path: path, mode: .readOnly).applicationID() == applicationID else {
            throw notAStore(path)
        }
        driver = try SQLiteDriver(path: path, mode: .readWrite)
    } catch let error as SQLiteError {
        if error.isNotADatabase { throw notAStore(path) }
        throw storeError(error)
    } catch let error as GateError {
        throw StoreError.unusable(error.description, hint: "check the permissions of the store's folder")
    }
    try migrate(driver, path: path)
    return SQLStore(driver, endpoints: endpoints)
}

/// Makes a store where there is none.
package func createStore(at location: String, identity: StoreIdentity, change: Change) throws {
    let path = try sqlitePath(location)
    if FileFacts(path: path) != nil {
        throw StoreError.unusable(
            "there is a file at \(path) already", hint: "use it, or name another place in the configuration")
    }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
        let folder = String(path[..<slash])
        guard FileFacts.makePrivateDirectory(folder) else {
            throw StoreError.unusable("cannot make the folder \(folder)", hint: "check its permissions")
        }
    }
    let driver: SQLiteDriver
    do {
        driver = try SQLiteDriver(path: path, mode: .readWriteCreate)
    } catch let error as SQLiteError {
        throw StoreError.unusable("cannot make \(path): \(error.message)", hint: "check the permissions of its folder")
    }
    try driver.script("PRAGMA application_id = \(applicationID)")
    try migrate(driver, path: path)
    try SQLStore(driver, endpoints: []).begin(identity, change: change)
}

private func sqlitePath(_ location: String) throws -> String {
    guard location.hasPrefix("sqlite:"), location.utf8.count > 7 else {
        throw StoreError.unusable("'\(location)' names no store", hint: "write sqlite:PATH")
    }
    return String(location.dropFirst("sqlite:".count))
}

private func notAStore(_ path: String) -> StoreError {
    .unusable("\(path) is not a rota store", hint: "check 'store' in the configuration; it was not touched")
}

/// A command run as somebody else would leave files that the owner cannot write.
private func requireOwner(_ facts: FileFacts, of path: String) throws {
    guard facts.owner != FileFacts.currentUser else { return }
    let owner = facts.ownerName ?? "#\(facts.owner)"
    throw StoreError.unusable("the store \(path) belongs to \(owner)", hint: "run it as its owner: sudo -u \(owner) rota …")
}

/// Brings the schema up to date, each step in one transaction, and refuses one that is newer than we are.
private func migrate(_ driver: SQLiteDriver, path: String) throws {
    let newest = Int64(Migration.all.last?.number ?? 0)
    guard try driver.pragma("user_version") != newest else { return }
    for migration in Migration.all {
        try driver.transaction {
            // Read within the lock: another process may have been quicker.
            let version = try driver.pragma("user_version")
            guard version <= newest else {
                throw StoreError.unusable(
                    "the store \(path) was written by a newer rota (schema \(version), this one knows \(newest))",
                    hint: "use the newer rota; this one changed nothing")
            }
            guard version < migration.number else { return }
            try driver.script(migration.sqlite)
            try driver.script("PRAGMA user_version = \(migration.number)")
        }
    }
}
