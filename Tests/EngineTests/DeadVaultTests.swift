import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// A vault that takes a call and never answers: nobody else waits for it.
@Suite struct DeadVaultTests {
    private let fixture: RunFixture
    private let dead = FakeVault("dead")
    private let alive = FakeVault("alive")
    private let gate = AsyncStream<Void>.makeStream()

    init() throws {
        fixture = try RunFixture()
    }

    /// From now on calls to it stay without an answer until the gate opens.
    private func die() {
        let stream = gate.stream
        dead.setHook { _ in
            for await _ in stream {}
            return .timesOutBefore
        }
    }

    /// Adds tokens that are to be rotated, each in one place of the vault, which is empty.
    private func add(_ count: Int, in vault: String) async throws -> [TokenID] {
        var ids: [TokenID] = []
        for number in 0..<count {
            // The dead vault's come first in a plan: they are older.
            let age = TimeSpan.days(vault == "dead" ? 200 : 100)
            ids.append(
                try await fixture.addToken(
                    "\(vault)-\(number)", age: age, destinations: ["\(vault):p\(number)"]))
        }
        return ids
    }

    private func run() async throws -> RunReport {
        let rotator = Rotator(
            store: fixture.store, vaults: ["dead": dead, "alive": alive], clock: fixture.clock,
            random: fixture.random)
        let policy = Policy(
            name: "rotation", mode: .enforce,
            rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])
        return try await RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random
        ).run(policies: PolicySet(policies: [policy], digest: "sha256:test"), limits: Limits(), actor: "cli:alice")
    }

    private func areRotated(_ ids: [TokenID]) async throws -> Bool {
        try await fixture.store.read { store in
            try ids.allSatisfy { try store.token($0)?.values.current ?? 1 > 1 }
        }
    }

    /// Runs, and opens the gate only when these tokens are rotated.
    private func runUntilRotated(_ ids: [TokenID]) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { _ = try await run() }
            while try await !areRotated(ids) { await Task.yield() }
            gate.continuation.finish()
            try await group.waitForAll()
        }
    }

    @Test func `however many wait for it, the tokens of another vault are rotated meanwhile`() async throws {
        let stuck = try await add(600, in: "dead")
        let free = try await add(100, in: "alive")
        die()
        try await runUntilRotated(free)
        #expect(try await !areRotated(Array(stuck.prefix(1))))
    }

    @Test func `rotations that are stuck there from before hold up no run`() async throws {
        let stuck = try await add(3, in: "dead")
        dead.setHook { $0.operation == .write ? .denied : nil }
        #expect(try await run().actions.allSatisfy { $0.outcome == .started && $0.cause != nil })
        fixture.clock.advance(by: .hours(2))
        let free = try await add(3, in: "alive")
        die()
        try await runUntilRotated(free)
        #expect(try await !areRotated(Array(stuck.prefix(1))))
        // What was stuck is taken up in every run all the same, and comes to its end when it can.
        dead.setHook(nil)
        fixture.clock.advance(by: .hours(2))
        #expect(try await run().recovery.rotations.count == 3)
        #expect(try await areRotated(stuck))
    }

    @Test func `nor do those that a killed process left there, which have not failed yet`() async throws {
        let left = try await add(3, in: "dead")
        let now = fixture.clock.now()
        try await fixture.store.write { store in
            for id in left {
                let rotation = try #require(
                    try store.claimRotation(
                        of: id, fromVersion: 1, overlap: .hours(24), cap: OverlapCap(), trigger: nil,
                        change: Change(actor: "a", at: now, cause: "c")))
                store.letGo(rotation.id)
            }
        }
        let free = try await add(3, in: "alive")
        die()
        try await runUntilRotated(free)
        #expect(try await !areRotated(Array(left.prefix(1))))
    }
}
