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

    @Test func `a time-out at one vault does not hide what a person must mend at another`() async throws {
        first.setHook { $0.operation == .write ? .timesOutBefore : nil }
        second.setHook { $0.operation == .write ? .denied : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await rotation()?.cause?.contains("permission denied") == true)
        #expect(try await stuck() == 1, "at once")
    }

    @Test func `who asks for the longest wait gets it, whatever else is in the way`() async throws {
        first.setHook { $0.operation == .write ? .tooMany(retryAfter: TimeSpan(seconds: 1800)) : nil }
        second.setHook { $0.operation == .write ? .denied : nil }
        third.setHook { $0.operation == .write ? .tooMany(retryAfter: TimeSpan(seconds: 900)) : nil }
        let now = bench.clock.now()
        _ = try await bench.rotator().rotate([bench.request()])
        let next = try #require(try await rotation()?.nextAttemptAt)
        #expect(next >= now + TimeSpan(seconds: 1800))
        #expect(try await rotation()?.cause?.contains("permission denied") == true)
    }

    @Test func `where one cannot be read, a conflict at another is told all the same`() async throws {
        first.setHook { $0.operation == .probe ? .tooMany(retryAfter: TimeSpan(seconds: 4)) : nil }
        second.foreignWrite("theirs", at: Destination(vault: "b", path: "apps/bench"))
        let result = try await bench.rotator().rotate([bench.request()])
        #expect(result.map(\.blocked) == [.conflict])
    }

    @Test func `a vault that may not be read is told of, though another is not answering`() async throws {
        let order = AsyncStream<Void>.makeStream()
        first.setHook { call in
            guard call.operation == .probe else { return nil }
            order.continuation.finish()
            return .tooMany(retryAfter: TimeSpan(seconds: 4))
        }
        let stream = order.stream
        second.setHook { call in
            guard call.operation == .probe else { return nil }
            for await _ in stream {}
            for _ in 0..<100 { await Task.yield() }
            return .denied
        }
        let result = try await bench.rotator().rotate([bench.request()])
        #expect(result.first?.cause?.contains("permission denied") == true)
    }

    @Test func `after two values that were rejected a pass makes no more than the one that it sends`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .rejected : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.states() == [.current, .revoked, .pending])
        for pass in 1...4 {
            bench.clock.advance(by: .hours(2))
            let result = try await bench.rotator(seed: UInt64(20 + pass)).recover(change: bench.change)
            #expect(result.rotations.map(\.isStalled) == [true])
            #expect(try await bench.versions().count == 3 + pass)
        }
        #expect(try await bench.events().count { $0 == "token.rotation_stuck" } == 1)
        vault.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
        // Another rotation counts anew.
        vault.script(.write, .rejected)
        #expect(try await bench.rotator(seed: 9).rotate([bench.request()]).map(\.isStalled) == [false])
    }

    @Test func `nothing is fenced while there is a brake`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        let (queue, change) = (bench.queue, bench.change)
        vault.setHook { call in
            if call.operation == .probe {
                let freeze = Freeze(reason: "release", actor: "test", begunAt: change.at, endsAt: nil)
                try? await queue.write { try $0.freeze(freeze, change: change) }
            }
            return nil
        }
        bench.clock.advance(by: .hours(2))
        let result = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(result.rotations.map(\.outcome) == [.skipped])
        #expect(result.rotations.first?.cause?.contains("release") == true)
        #expect(vault.count(of: .fence) == 0)
        #expect(try await bench.states() == [.current, .pending])
        vault.setHook(nil)
        _ = try await queue.write { try $0.unfreeze(change: change) }
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
        #expect(vault.count(of: .fence) == 1)
    }
}
