import Crypto
package import Engine
import RotaCore
import SQLite

/// Opens the store at `sqlite:PATH` for many threads that only read; its schema must be up to date already.
///
/// - throws: `StoreError.unusable` when there is none.
package func openReaders(at location: String) throws -> any StoreReaders {
    let readers = try SQLiteReaders(path: try sqlitePath(location))
    // Now, so that what is wrong is said at the start.
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
        }

        /// With little memory for pages: what is asked about again is remembered as a value, and the system has the
        /// rest.
        static func open(_ path: String) throws -> Idle {
            let driver = try connect(path, .readOnly)
            try driver.script("PRAGMA cache_size=-1024")
            return Idle(driver)
        }
    }

    private let path: String
    private let idle: Locked<[Idle]>
    private let known = Locked(KnownValues())
    /// Nil where SQLite does not tell: then nothing is remembered.
    private let watch: CommitWatch?

    init(path: String) throws {
        self.path = path
        let first = try Idle.open(path)
        // It must have read once before there is something to watch.
        _ = try first.driver.snapshot { try first.store.newestEntry() }
        watch = try first.driver.watch()
        idle = Locked([first])
    }

    func read<R>(_ body: (any StoreReads) throws -> R) throws -> R {
        try borrow { reader in try reader.driver.snapshot { try body(reader.store) } }
    }

    func value(with digest: Digest) throws -> KnownValue? {
        if let mark = watch?.mark, let found = known.withLock({ $0.find(digest, in: mark) }) { return found }
        return try borrow { reader in try lookUp(digest, reader) }
    }

    private func lookUp(_ digest: Digest, _ reader: Idle) throws -> KnownValue? {
        let (before, newest) = (watch?.mark, known.withLock { $0.entry })
        return try reader.driver.snapshot {
            // The first statement settles which state all of them see.
            let entry = try reader.store.newestEntry()
            // Where somebody commits just then, it is not known which state that is.
            guard let before, before == watch?.mark else { return try reader.store.value(with: digest) }
            let changes = try reader.store.auditedObjects(after: newest, through: entry)
            let remembered = known.withLock { known in
                known.advance(to: before, entry: entry, from: newest, changes: changes)
                    ? known.find(digest, in: before) : nil
            }
            if let remembered { return remembered }
            let found = try reader.store.value(with: digest)
            if let found { known.withLock { $0.remember(found, by: digest, as: entry) } }
            return found
        }
    }

    private func borrow<R>(_ body: (Idle) throws -> R) throws -> R {
        let waiting = idle.withLock { $0.popLast() }
        let reader = try waiting ?? Idle.open(path)
        defer { idle.withLock { $0.append(reader) } }
        return try body(reader)
    }
}
