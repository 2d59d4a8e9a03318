import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

@testable import API

struct `What the store said` {
    /// Readers that tell how often they were asked, and let something happen while they are.
    private final class CountedReaders: StoreReaders {
        let count = Locked(0)
        let meanwhile = Locked<(@Sendable () throws -> Void)?>(nil)

        func read<R>(_ body: (any StoreReads) throws -> R) throws -> R {
            count.withLock { $0 += 1 }
            let hook = meanwhile.withLock { hook in
                defer { hook = nil }
                return hook
            }
            try hook?()
            return try body(FakeStoreReads([]))
        }

        func value(with digest: Digest) -> KnownValue? { nil }
    }

    private let now = Instant(seconds: 1_790_000_000)

    @Test func `is counted by one of those who ask, and nobody waits for him`() throws {
        let readers = CountedReaders()
        let remembered = RememberedGauges()
        _ = try remembered.gauges(at: now, readers)
        let later = now + .minutes(1)
        readers.meanwhile.withLock {
            $0 = { [later] in _ = try remembered.gauges(at: later, readers) }
        }
        _ = try remembered.gauges(at: later, readers)
        #expect(readers.count.withLock(\.self) == 2)
    }

    @Test func `is counted again after a count that failed`() throws {
        struct Failing: Error {}
        let readers = CountedReaders()
        let remembered = RememberedGauges()
        _ = try remembered.gauges(at: now, readers)
        let later = now + .minutes(1)
        readers.meanwhile.withLock { $0 = { throw Failing() } }
        #expect(throws: Failing.self) { try remembered.gauges(at: later, readers) }
        _ = try remembered.gauges(at: later, readers)
        #expect(readers.count.withLock(\.self) == 3)
    }
}
