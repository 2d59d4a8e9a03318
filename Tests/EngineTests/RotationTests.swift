import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

@Suite struct RotationTests {
    @Test func `a rotation puts the new value everywhere and keeps the old one until its overlap has passed`()
        async throws
    {
        let bench = try RotationBench([FakeVault("a"), FakeVault("b")])
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results == [RotationResult(bench.id, .started)])
        #expect(try await bench.states() == [.previous, .current])
        #expect(try await bench.violations() == [])
        let values = bench.vaults.values.map { $0.value(at: Destination(vault: $0.name, path: "apps/bench")) }
        #expect(values[0] == values[1])

        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .current], "the overlap has not passed")
        bench.clock.advance(by: .hours(1))
        let recovery = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(recovery.retired == 1)
        #expect(try await bench.states() == [.revoked, .current])
        #expect(try await bench.queue.read { try $0.openRotations() }.isEmpty)
    }

    @Test func `a person may rotate again during the overlap, and every older value is retired in its time`()
        async throws
    {
        let bench = try RotationBench([FakeVault("a")])
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.rotator().rotate([bench.request()]).first?.outcome == .skipped, "a policy waits")
        bench.clock.advance(by: TimeSpan(seconds: 1800))
        let again = try await bench.rotator(seed: 2).rotate([bench.request(supersedes: true)])
        #expect(again.first?.outcome == .started)
        #expect(try await bench.states() == [.previous, .previous, .current])
        // A fourth value would be one too many: refused, and what is under way goes on.
        let refused = try await bench.rotator(seed: 3).rotate([bench.request(supersedes: true)])
        #expect(refused.first?.outcome == .failed)
        #expect(refused.first?.cause?.contains("three of its values") == true)
        bench.clock.advance(by: TimeSpan(seconds: 1801))
        _ = try await bench.rotator(seed: 4).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .previous, .current])
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `a value that is lost during the overlap is made good by rotating again`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        _ = try await bench.rotator().rotate([bench.request()])
        let place = Destination(vault: "a", path: "apps/bench")
        vault.foreignWrite("somebody else's", at: place)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator().recover(change: bench.change)
        let blocked = try await bench.rotator(seed: 2).rotate([bench.request(supersedes: true)])
        #expect(blocked.first?.outcome == .blocked, "a foreign value is never overwritten")
        #expect(try await bench.states() == [.previous, .current])
        #expect(try await bench.queue.read { try $0.openRotations() }.map(\.phase) == [.overlap])
        vault.foreignWrite(nil, at: place)
        let mended = try await bench.rotator(seed: 3).rotate([bench.request(overlap: .zero, supersedes: true)])
        #expect(mended.first?.outcome == .done)
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `without an overlap the rotation is done in one pass`() async throws {
        let bench = try RotationBench([FakeVault("a")])
        let results = try await bench.rotator().rotate([bench.request(overlap: .zero)])
        #expect(results.map(\.outcome) == [.done])
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `an empty destination is filled`() async throws {
        let bench = try RotationBench([FakeVault("a"), FakeVault("b")], seeded: false)
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.states() == [.previous, .current])
    }

    @Test func `a value that nobody recorded is a conflict, and is not touched`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault, FakeVault("b")])
        let destination = Destination(vault: "a", path: "apps/bench")
        vault.foreignWrite("somebody-else's", at: destination)
        let writes = vault.history.count
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.blocked) == [.conflict])
        #expect(vault.history.count == writes)
        #expect(try await bench.states() == [.current])
    }

    @Test func `two rotations of one token at once: one of them does it`() async throws {
        let bench = try RotationBench([FakeVault("a"), FakeVault("b")])
        let request = bench.request()
        async let first = bench.rotator(seed: 1).rotate([request])
        async let second = bench.rotator(seed: 2).rotate([request])
        let outcomes = try await (first + second).map(\.outcome.rawValue).sorted()
        #expect(outcomes == ["skipped", "started"])
        #expect(try await bench.states() == [.previous, .current])
    }

    @Test func `a vault that is down leaves everything as it was`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.script(.probe, .transient, .transient, .transient)
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.outcome) == [.failed])
        #expect(vault.count(of: .probe) == 3)
        #expect(try await bench.states() == [.current])
        #expect(try await bench.queue.read { try $0.openRotations() }.isEmpty)
    }

    @Test func `where we may not write nothing is armed`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault, FakeVault("b")])
        vault.script(.access, .denied)
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.outcome) == [.failed])
        #expect(results.first?.cause?.contains("permission denied") == true)
        #expect(try await bench.states() == [.current])
        #expect(try await bench.queue.read { try $0.openRotations() }.isEmpty)
    }

    @Test func `a read that fails once does not cost the rotation`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.script(.probe, .transient, .tooMany(retryAfter: TimeSpan(seconds: 3)))
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.outcome) == [.started])
        #expect(bench.clock.sleeps.last == 3000)
    }

    @Test(arguments: [FakeVault.Fault.denied, .tooMany(retryAfter: TimeSpan(seconds: 4))])
    func `what will not pass within seconds is not waited for`(_ fault: FakeVault.Fault) async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.script(.probe, fault)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.outcome) == [.failed])
        #expect(vault.count(of: .probe) == 1)
    }

    @Test func `a lost answer is found by reading back, and nothing is written twice`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.script(.write, .timesOutAfter)
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.outcome) == [.started])
        #expect(vault.count(of: .write) == 1)
    }

    @Test func `a vault that says yes without keeping the value never gets the token promoted`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .saysYesOnly : nil }
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.first?.isStalled == true)
        #expect(try await bench.states() == [.current, .pending])
        #expect(try await bench.violations() == [])
        vault.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states().suffix(1) == [.current])
        #expect(try await bench.violations() == [])
    }

    @Test func `a rejected value is superseded once, and the rejected one is discarded by a fence`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.script(.write, .rejected)
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.outcome) == [.started])
        #expect(try await bench.states() == [.previous, .revoked, .current])
    }

    @Test func `a write that lands after it was fenced is refused by the vault`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.states() == [.current, .pending])
        vault.setHook(nil)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(vault.landLateWrites() == 0)
        #expect(try await bench.violations() == [])
        #expect(try await bench.states() == [.previous, .revoked, .current])
    }

    @Test func `a value that landed late is taken from the vault and finished`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault, FakeVault("b")])
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(vault.landLateWrites() == 1)
        vault.setHook(nil)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `where nothing can be fenced the lost value stays valid until a newer one is everywhere`() async throws {
        let vault = FakeVault("a", conditionalWrite: false, fenceable: false)
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        vault.setHook(nil)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `the guard keeps the old value valid where a vault was restored to it`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        let destination = Destination(vault: "a", path: "apps/bench")
        let old = vault.value(at: destination)
        _ = try await bench.rotator().rotate([bench.request()])
        vault.foreignWrite(old, at: destination)
        bench.clock.advance(by: .hours(3))
        let recovery = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(recovery.retired == 0)
        #expect(recovery.rotations.first?.isStalled == true)
        #expect(try await bench.states() == [.previous, .current])
        #expect(try await bench.violations() == [])
    }

    @Test func `a revocation during a rotation ends every value at once`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        let (id, queue, change) = (bench.id, bench.queue, bench.change)
        vault.setHook { call in
            if call.operation == .write { _ = try? await queue.write { try $0.revokeToken(id, change: change) } }
            return nil
        }
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.states().allSatisfy { !$0.authenticates })
        #expect(try await bench.queue.read { try $0.openRotations() }.isEmpty)
    }

    @Test func `a token past its end is not rotated, though nobody has swept it yet`() async throws {
        let bench = try RotationBench([FakeVault("a")])
        let (id, change) = (bench.id, bench.change)
        _ = try await bench.queue.write { store in
            guard var token = try store.token(id) else { return false }
            token.expiresAt = change.at
            return try store.editToken(token, change: change)
        }
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.outcome) == [.skipped])
        #expect(try await bench.states() == [.current])
    }

    @Test func `a vault that rejects every value leaves room for the rotation to end once it is mended`() async throws {
        let strict = FakeVault("b")
        let bench = try RotationBench([FakeVault("a"), strict])
        strict.setHook { $0.operation == .write ? .rejected : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        for pass in 0..<4 {
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator(seed: UInt64(20 + pass)).recover(change: bench.change)
            #expect(try await bench.violations() == [])
        }
        strict.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
        #expect(try await bench.violations() == [])
    }

    @Test func `A rotation from a value that is not the current one is not begun`() async throws {
        let bench = try RotationBench([FakeVault("v")])
        var request = bench.request()
        request.fromVersion = 2
        let before = bench.vaults["v"]?.calls.count
        let result = try await bench.rotator().rotate([request])
        #expect(result.map(\.outcome) == [.skipped])
        #expect(try await bench.queue.read { try $0.openRotations() }.isEmpty)
        #expect(bench.vaults["v"]?.calls.count == before)
        request.fromVersion = 1
        #expect(try await bench.rotator().rotate([request]).map(\.outcome) == [.started])
    }
}
