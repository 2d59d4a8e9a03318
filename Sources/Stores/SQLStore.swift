import Engine
import JSON
import RotaCore
import SQLite

/// The token store over a driver. Reads are here and in `SQLStore+Reads`; everything that changes the state of
/// a version, a push row or a token is in `Gate`.
final class SQLStore: Store {
    let driver: any Driver
    let endpoints: [Endpoint]

    init(_ driver: any Driver, endpoints: [Endpoint]) {
        self.driver = driver
        self.endpoints = endpoints
    }

    func transaction<R>(_ body: () throws -> R) throws -> R {
        try driver.transaction(body)
    }

    func savepoint<R>(_ body: () throws -> R) throws -> R {
        try driver.savepoint(body)
    }

    func close() {
        driver.close()
    }

    /// Writes who this store is: once, when it is made.
    func begin(_ identity: StoreIdentity, change: Change) throws {
        try transaction {
            for (key, value) in [
                ("instance", identity.instance), ("generation", String(identity.generation)),
                ("created_at", String(identity.createdAt.seconds)),
            ] {
                try driver.execute(Statements.addFact, [.text(key), .text(value)])
            }
            try audit("store.init", identity.instance, change, ["generation": .integer(identity.generation)])
        }
    }

    func identity() throws -> StoreIdentity {
        guard let instance = try fact("instance"), let generation = try fact("generation").flatMap({ Int64($0) }),
            let createdAt = try fact("created_at").flatMap({ Int64($0) })
        else {
            throw StoreError.unusable("the store does not say who it is", hint: "restore it from a backup")
        }
        return StoreIdentity(
            instance: instance, generation: generation, createdAt: Instant(seconds: createdAt))
    }

    private func fact(_ key: String) throws -> String? {
        try first(Statements.fact, [.text(key)]) { $0.text(0) }
    }

    // MARK: - Shorthand

    /// The first row, or nil.
    func first<R>(_ statement: Statement, _ values: [Value], _ read: (borrowing Row) throws -> R) throws -> R? {
        var result: R?
        try driver.query(statement, values) { row in
            result = try read(row)
            return false
        }
        return result
    }

    /// All rows: only where there are few.
    func all<R>(_ statement: Statement, _ values: [Value], _ read: (borrowing Row) throws -> R) throws -> [R] {
        var results: [R] = []
        try driver.query(statement, values) { row in
            results.append(try read(row))
            return true
        }
        return results
    }
}
