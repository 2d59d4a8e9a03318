import Crypto
package import Engine
import SQLite

/// Opens the store at `sqlite:PATH` for many threads that only read; its schema must be up to date already.
///
/// - throws: `StoreError.unusable` when there is none.
package func openReaders(at location: String) throws -> any StoreReaders {
    let readers = SQLiteReaders(path: try sqlitePath(location))
    // The first one now, so that what is wrong is said at the start.
    _ = try readers.read { try $0.identity() }
    return readers
}

/// Connections that only read: as many as there were readers at once, each used by one of them at a time.
private final class SQLiteReaders: StoreReaders {
    /// A reader on its way between threads.
    // Unchecked: it is in the list, or in the hands of the one thread that took it out.
    private struct Idle: @unchecked Sendable {
        let store: SQLStore
        let driver: SQLiteDriver

        init(_ driver: SQLiteDriver) {
            self.driver = driver
            store = SQLStore(driver, endpoints: [])
            store.known = KnownValues()
        }
    }

    private let path: String
    private let idle = Locked<[Idle]>([])

    init(path: String) {
        self.path = path
    }

    func read<R>(_ body: (any StoreReads) throws -> R) throws -> R {
        let waiting = idle.withLock { $0.popLast() }
        let reader = try waiting ?? Idle(try connect(path, .readOnly))
        defer { idle.withLock { $0.append(reader) } }
        return try reader.driver.snapshot { state in
            reader.store.known?.keep(of: state)
            return try body(reader.store)
        }
    }
}
