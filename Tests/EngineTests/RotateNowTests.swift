import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// A person rotates, whatever any policy thinks of it.
@Suite struct RotateNowTests {
    private let vault = FakeVault("a")
    private let bench: RotationBench

    init() throws { bench = try RotationBench([vault]) }

    private func rotate(
        overlap: TimeSpan, endsOlder: Bool = false, seed: UInt64 = 1
    ) async throws -> RotationResult? {
        let rotate = RotateUseCase(store: bench.queue, rotator: bench.rotator(seed: seed), clock: bench.clock)
        return try await rotate.rotate(
            "bench", overlap: overlap, endsOlder: endsOlder, reason: "a drill", actor: "cli:alice")
    }

    @Test func `an older value keeps its own end unless it is asked to end sooner`() async throws {
        let start = bench.clock.now()
        _ = try await rotate(overlap: .hours(24))
        _ = try await rotate(overlap: .hours(1), seed: 2)
        #expect(try await bench.versions().map(\.endsAt) == [start + .hours(24), start + .hours(1), nil])
    }

    @Test func `an older value ends no later than the one that is replaced, where that is asked for`() async throws {
        let start = bench.clock.now()
        _ = try await rotate(overlap: .hours(24))
        _ = try await rotate(overlap: .hours(1), endsOlder: true, seed: 2)
        #expect(try await bench.versions().map(\.endsAt) == [start + .hours(1), start + .hours(1), nil])
        bench.clock.advance(by: .hours(1))
        _ = try await bench.rotator(seed: 3).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }

    @Test func `an end is never put off`() async throws {
        let start = bench.clock.now()
        _ = try await rotate(overlap: .hours(1))
        _ = try await rotate(overlap: .hours(24), endsOlder: true, seed: 2)
        #expect(try await bench.versions().map(\.endsAt) == [start + .hours(1), start + .hours(24), nil])
    }

    @Test func `without an overlap all older values end at once, and another rotation has room`() async throws {
        _ = try await rotate(overlap: .hours(24))
        let second = try await rotate(overlap: .zero, endsOlder: true, seed: 2)
        #expect(second?.outcome == .done)
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        #expect(try await rotate(overlap: .hours(24), seed: 3)?.isThrough == true)
        #expect(try await bench.violations() == [])
    }

    @Test func `the guard decides all the same`() async throws {
        _ = try await rotate(overlap: .hours(24))
        let place = Destination(vault: "a", path: "apps/bench")
        let probes = Locked(0)
        let vault = vault
        // The value is taken away after it was read back, before the older ones are retired.
        vault.setHook { call in
            if call.operation == .probe {
                let count = probes.withLock { count in
                    count += 1
                    return count
                }
                if count == 4 { vault.foreignWrite("somebody else's", at: place) }
            }
            return nil
        }
        let result = try await rotate(overlap: .zero, endsOlder: true, seed: 2)
        #expect(result?.isThrough == false)
        #expect(try await bench.states().first == .previous)
    }

    @Test func `a third rotation in a row is refused, and nothing is stuck by that`() async throws {
        _ = try await rotate(overlap: .hours(24))
        _ = try await rotate(overlap: .hours(24), seed: 2)
        let before = try await bench.queue.read { try $0.openRotations() }
        let refused = try await rotate(overlap: .zero, seed: 3)
        #expect(refused?.outcome == .failed)
        #expect(try await bench.queue.read { try $0.openRotations() } == before)
        #expect(before.map(\.cause) == [nil])
    }

    /// A rotation that was armed, and that waits for its next attempt.
    private func stallOne(overlap: TimeSpan = .hours(24)) async throws {
        vault.setHook { $0.operation == .write ? .transient : nil }
        _ = try await bench.rotator().rotate([bench.request(overlap: overlap)])
        vault.setHook(nil)
        let id = bench.id
        let rotation = try #require(try await bench.queue.read { try $0.rotation(of: id) })
        #expect(rotation.phase == .open && rotation.nextAttemptAt > bench.clock.now())
    }

    @Test func `one that waits for its next attempt is tried now, and it is said so`() async throws {
        let start = bench.clock.now()
        try await stallOne()
        let result = try #require(try await rotate(overlap: .hours(24), seed: 2))
        #expect(result.isThrough)
        #expect(result.remark == "the rotation that test began at \(start) was tried again")
        #expect(try await bench.states().last == .current)
        #expect(try await bench.violations() == [])
    }

    @Test func `one that is tried again and still cannot get on says why`() async throws {
        try await stallOne()
        vault.setHook { $0.operation == .probe ? .denied : nil }
        let result = try #require(try await rotate(overlap: .hours(24), seed: 2))
        #expect(result.isStalled && result.cause != nil && result.remark != nil)
    }

    @Test func `one that is tried again has the overlap that is asked for, where that is shorter`() async throws {
        try await stallOne()
        let start = bench.clock.now()
        #expect(try await rotate(overlap: .hours(1), endsOlder: true, seed: 2)?.isThrough == true)
        #expect(try await bench.versions().first?.endsAt == start + .hours(1))
    }

    @Test func `one that another process is at is left to it`() async throws {
        try await stallOne()
        let (id, bench) = (bench.id, bench)
        let rotation = try #require(try await bench.queue.read { try $0.rotation(of: id) })
        _ = try await bench.queue.read { $0.takeUp(rotation.id) }
        let result = try #require(try await rotate(overlap: .hours(24), seed: 2))
        #expect(result.outcome == .skipped && result.cause == "another process is at a rotation of it right now")
    }
}
