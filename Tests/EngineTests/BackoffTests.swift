import Engine
import RotaCore
import TestSupport
import Testing

/// Those that failed together do not come back together.
@Suite struct BackoffTests {
    @Test func `the next try comes at any second of the first half minute`() async throws {
        var waits: [Int64] = []
        for seed in 1...80 {
            let vault = FakeVault("a")
            let bench = try RotationBench([vault])
            vault.setHook { $0.operation == .write ? .denied : nil }
            #expect(try await bench.rotator(seed: UInt64(seed)).rotate([bench.request()]).map(\.isStalled) == [true])
            let id = bench.id
            let next = try #require(try await bench.queue.read { try $0.rotation(of: id)?.nextAttemptAt })
            waits.append((next - bench.clock.now()).seconds)
        }
        #expect(waits.allSatisfy { (1...30).contains($0) }, "\(waits)")
        // Full jitter: not the ceiling, nor about it.
        #expect(Set(waits).count > 15 && waits.count { $0 <= 10 } > 10 && waits.count { $0 > 20 } > 10, "\(waits)")
    }

    @Test func `three values of which none can be proved to be nowhere are told to a person`() async throws {
        let vault = FakeVault("a", conditionalWrite: false, fenceable: false, keepsHistory: false)
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .timesOutBefore : nil }
        _ = try await bench.rotator(seed: 1).rotate([bench.request()])
        for seed in 2...4 {
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator(seed: UInt64(seed)).recover(change: bench.change)
        }
        #expect(try await bench.states() == [.current, .unconfirmed, .unconfirmed])
        let (id, now) = (bench.id, bench.clock.now())
        let (cause, alarms) = try await bench.queue.read { store in
            (
                try store.rotation(of: id)?.cause,
                try store.dueDeliveries(endpoint: "all", at: now + .days(9), limit: 1000).map(\.event)
                    .filter { $0.type == "token.rotation_stuck" }
            )
        }
        #expect(cause?.contains("three of its values are valid already") == true, "\(cause ?? "")")
        #expect(alarms.count == 1)
    }
}
