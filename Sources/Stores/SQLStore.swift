import Engine
import JSON
import RotaCore
import SQLite

/// The token store over whichever database its driver speaks to.
///
/// Reads are in `SQLStore+Reads`; every transition of a token, a version or a push row is in `Gate`; what
/// else is written is in `SQLStore+Tokens`, `SQLStore+Runs` and `SQLStore+Schedules`; audit entries and events
/// in `Journal`.
final class SQLStore: Store {
    let driver: any Driver
    /// Who gets events: settled when an event is written.
    private(set) var endpoints: [Endpoint]
    private var decoder = TokenDecoder()

    /// A row of `tokens`.
    func decode(_ row: borrowing Row) throws -> Token { try decoder.decode(row) }

    /// Within `load`: what would be looked up has been looked at, and there is no index to do it by.
    private(set) var isLoading = false

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

    func snapshot<R>(_ body: () throws -> R) throws -> R {
        try driver.snapshot(body)
    }

    func takeUpService() -> Bool {
        driver.keepLittle()
        return driver.hold(.service)
    }

    func announce(to endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }

    func load<R>(_ body: () throws -> R) throws -> R {
        isLoading = true
        defer { isLoading = false }
        return try driver.withoutIndexes(of: ["tokens", "versions", "destinations"], body)
    }

    func close() {
        driver.close()
    }

    // MARK: - Identity

    /// Writes down which store this is, once, when it is made.
    func begin(_ identity: StoreIdentity, change: Change) throws {
        let facts = [
            ("instance", identity.instance), ("generation", String(identity.generation)),
            ("created_at", String(identity.createdAt.seconds)),
        ]
        for (key, value) in facts { try driver.execute(.addFact, [.text(key), .text(value)]) }
        try audit(
            "store.init", of: identity.instance, change, ["generation": .integer(identity.generation)])
    }

    func identity() throws -> StoreIdentity {
        let instance = try fact("instance") { $0 }
        return StoreIdentity(
            instance: instance, generation: try fact("generation", Int64.init),
            createdAt: Instant(seconds: try fact("created_at", Int64.init)))
    }

    private func fact<R>(_ key: String, _ read: (String) -> R?) throws -> R {
        guard let value = try driver.first(.fact, [.text(key)], { read($0.text(0)) }) ?? nil else {
            throw StoreError.unusable("the store does not say its \(key)", hint: "restore it from a backup")
        }
        return value
    }
}
