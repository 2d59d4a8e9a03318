import Engine

@testable import Stores

/// The store at `location`, on a disk that is full while `isFull` says so: nothing is committed then.
func openFillingStore(at location: String, isFull: @escaping () -> Bool) throws -> any Store {
    let store = try openStore(at: location, endpoints: [])
    guard let driver = (store as? SQLStore)?.driver else { throw StoreError.failed("this is no SQL store") }
    return SQLStore(FillingDriver(driver, isFull), endpoints: [])
}

private final class FillingDriver: Driver {
    private let driver: any Driver
    private let isFull: () -> Bool

    init(_ driver: any Driver, _ isFull: @escaping () -> Bool) {
        self.driver = driver
        self.isFull = isFull
    }

    func transaction<R>(_ body: () throws -> R, committed: () -> Void) throws -> R {
        try driver.transaction(
            {
                let result = try body()
                if isFull() { throw StoreError.full }
                return result
            }, committed: committed)
    }

    func execute(_ statement: Statement, _ values: [Value]) throws -> Int { try driver.execute(statement, values) }

    func query(_ statement: Statement, _ values: [Value], _ each: (borrowing Row) throws -> Bool) throws {
        try driver.query(statement, values, each)
    }

    func mark() -> StoreMarkFile? { driver.mark() }
    func snapshot<R>(_ body: () throws -> R) throws -> R { try driver.snapshot(body) }
    func savepoint<R>(_ body: () throws -> R) throws -> R { try driver.savepoint(body) }

    func withoutIndexes<R>(of tables: [String], _ body: () throws -> R) throws -> R {
        try driver.withoutIndexes(of: tables, body)
    }

    var isInTransaction: Bool { driver.isInTransaction }
    func keepLittle() { driver.keepLittle() }
    func loseNames() { driver.loseNames() }
    func hold(_ lock: StoreLock) -> Bool { driver.hold(lock) }
    func isHeld(_ lock: StoreLock) -> Bool { driver.isHeld(lock) }
    func release(_ lock: StoreLock) { driver.release(lock) }
    func close() { driver.close() }
}
