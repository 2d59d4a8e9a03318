import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// Vaults that nobody can read, and vaults that take every write: what is promised there is less, and kept.
@Suite struct WeakerVaultTests {
    private let place = Destination(vault: "b", path: "apps/bench")

    @Test func `where nobody can read, the vault's yes is taken for proof, after the destinations that can be read`()
        async throws
    {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false, readable: false)
        let readable = FakeVault("a")
        let order = Locked<[String]>([])
        for vault in [vault, readable] {
            vault.setHook { call in
                if call.operation == .write { order.withLock { $0.append(vault.name) } }
                return nil
            }
        }
        let bench = try RotationBench([vault, readable])
        #expect(try await bench.rotator().rotate([bench.request(overlap: .zero)]).map(\.outcome) == [.done])
        #expect(order.withLock { $0 } == ["a", "b"])
        #expect(try await bench.states() == [.revoked, .current])
        #expect(vault.value(at: place) == readable.value(at: Destination(vault: "a", path: "apps/bench")))
    }

    @Test func `a lost answer of a vault that nobody can read is asked for by writing the same value again`()
        async throws
    {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false, readable: false)
        let bench = try RotationBench([vault])
        vault.script(.write, .timesOutAfter, .timesOutBefore)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.cause) == [nil])
        #expect(vault.count(of: .write) == 3)
        #expect(Set(vault.history.suffix(2).map(\.value)).count == 1)
        #expect(try await bench.states() == [.previous, .current])
    }

    @Test func `a vault that nobody can read and that says no does not get its value promoted`() async throws {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false, readable: false)
        let bench = try RotationBench([vault])
        vault.script(.write, .transient, .transient, .transient)
        #expect(try await bench.rotator().rotate([bench.request()]).first?.cause != nil)
        #expect(try await bench.states() == [.current, .pending])
    }

    @Test func `a value that was sent where nobody can read and is lost stays valid until the next one is retired`()
        async throws
    {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false, readable: false)
        let bench = try RotationBench([vault])
        // Three answers lost, and then the process ends: only the vault has the value, and gives it to nobody.
        vault.script(.write, .timesOutAfter, .timesOutAfter, .timesOutAfter)
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.violations() == [])
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        #expect(try await bench.violations() == [])
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `where writes have no condition, an older value stays valid for as long as it may come back`()
        async throws
    {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false)
        let bench = try RotationBench([vault])
        vault.script(.write, .landsLater)
        _ = try await bench.rotator().rotate([bench.request(overlap: .zero)])
        // The value before it was never sent by us, so that it cannot come back.
        #expect(try await bench.states() == [.revoked, .current])
        _ = try await bench.rotator(seed: 2).rotate([bench.request(overlap: .zero)])
        #expect(try await bench.states() == [.revoked, .previous, .current])
        #expect(vault.landLateWrites() == 1)
        #expect(try await bench.violations() == [])
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 3).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .previous, .current], "the guard has seen what came back")
        #expect(try await bench.violations() == [])
    }

    @Test func `without a late write it is retired after an hour`() async throws {
        let vault = FakeVault("b", conditionalWrite: false, fenceable: false)
        let bench = try RotationBench([vault])
        for seed in 1...2 { _ = try await bench.rotator(seed: UInt64(seed)).rotate([bench.request(overlap: .zero)]) }
        bench.clock.advance(by: TimeSpan(seconds: 3599))
        _ = try await bench.rotator(seed: 3).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .previous, .current])
        bench.clock.advance(by: TimeSpan(seconds: 1))
        _ = try await bench.rotator(seed: 4).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }
}
