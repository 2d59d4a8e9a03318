import Engine
import RotaCore
import TestSupport
import Testing

/// What a later pass makes of a rotation when some of its vaults are in trouble, each in its own way.
@Suite struct RecoveryTests {
    private let first = FakeVault("a")
    private let second = FakeVault("b")
    private let third = FakeVault("c")
    private let bench: RotationBench

    init() throws { bench = try RotationBench([first, second, third]) }

    private func value(in vault: FakeVault) -> String? {
        vault.value(at: Destination(vault: vault.name, path: "apps/bench"))
    }

    private func recover(seed: UInt64 = 2) async throws {
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: seed).recover(change: bench.change)
    }

    private func rotation() async throws -> Rotation? {
        let id = bench.id
        return try await bench.queue.read { try $0.rotation(of: id) }
    }

    private func stuck() async throws -> Int { try await bench.events().count { $0 == "token.rotation_stuck" } }

    @Test func `a vault that is dead keeps the value from no other, once one of them holds it`() async throws {
        second.setHook { _ in .timesOutBefore }
        third.setHook { $0.operation == .write ? .denied : nil }
        second.script(.probe, nil)
        second.script(.access, nil)
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.states() == [.current, .pending])
        #expect(value(in: first) != value(in: third))
        third.setHook(nil)
        try await recover()
        #expect(value(in: first) == value(in: third))
        #expect(try await bench.states() == [.current, .pending], "it is not in the dead one")
        #expect(try await rotation()?.cause?.contains("b:apps/bench") == true)
        second.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `a value that no readable destination holds is not given up while one cannot be read`() async throws {
        for vault in [first, second, third] { vault.setHook { $0.operation == .write ? .landsLater : nil } }
        _ = try await bench.rotator().rotate([bench.request()])
        for vault in [first, third] { vault.setHook(nil) }
        second.setHook { $0.operation == .probe ? .timesOutBefore : nil }
        try await recover()
        #expect(try await bench.states() == [.current, .pending])
        #expect(first.count(of: .fence) == 0)
    }
}
