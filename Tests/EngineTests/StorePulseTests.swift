import Crypto
import Stores
import TestSupport
import Testing

@testable import Engine

/// A store's thread that is stuck is told from one that waits for another process.
struct StorePulseTests {
    private let fixture: RunFixture
    /// What the store's thread was given, and does when the test lets it.
    private let given = Locked<[@Sendable () -> Void]>([])
    private let waits = Locked(0)

    init() throws { fixture = try RunFixture() }

    private func queue(closed: Bool = false) throws -> StoreQueue {
        let store = try openStore(at: fixture.location, endpoints: [])
        if closed { store.close() }
        return StoreQueue(store, on: { [given] work in given.withLock { $0.append(work) } }, onUnknownOutcome: { _ in })
    }

    private func pulse(of queue: StoreQueue) -> StorePulse {
        StorePulse(of: queue) { [waits] in waits.withLock(\.self) }
    }

    private func work() {
        let works = given.withLock { given in
            defer { given = [] }
            return given
        }
        for work in works { work() }
    }

    @Test func `a thread that answers each question is alive`() throws {
        let pulse = pulse(of: try queue())
        for _ in 0..<5 {
            #expect(pulse.beats())
            work()
        }
    }

    @Test func `a thread that does nothing is not, until it answers again`() throws {
        let pulse = pulse(of: try queue())
        _ = pulse.beats()
        for _ in 0..<3 { #expect(!pulse.beats()) }
        work()
        #expect(pulse.beats())
    }

    @Test func `a thread whose write waits for another process is alive, and no longer than that`() throws {
        let pulse = pulse(of: try queue())
        _ = pulse.beats()
        for _ in 0..<5 {
            waits.withLock { $0 += 1 }
            #expect(pulse.beats())
        }
        #expect(!pulse.beats())
    }

    @Test func `a thread that comes to the end of other work is alive`() throws {
        let queue = try queue()
        // Held in the middle of its turn, while what came before the question is done piece by piece.
        let beats = Locked<[Bool]>([])
        let pulse = pulse(of: queue)
        for _ in 0..<3 { queue.perform { _ in beats.withLock { $0.append(pulse.beats()) } } }
        _ = pulse.beats()
        work()
        // Before the first of them nothing has come to its end.
        #expect(beats.withLock(\.self) == [false, true, true])
    }

    @Test func `a thread that cannot read the store is not alive`() throws {
        let pulse = pulse(of: try queue(closed: true))
        _ = pulse.beats()
        for _ in 0..<3 {
            work()
            #expect(!pulse.beats())
        }
    }
}
