import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// Tokens whose values are fields of one secret do not get into each other's way.
@Suite struct SharedSecretTests {
    private let fixture: RunFixture
    private let vault = FakeVault("main")
    private let other = FakeVault("other")

    init() throws { fixture = try RunFixture() }

    private func add(_ count: Int, _ place: (Int) -> [String]) async throws -> [TokenID] {
        var ids: [TokenID] = []
        for number in 0..<count {
            ids.append(
                try await fixture.addToken("t\(number)", age: .days(100), destinations: place(number)))
        }
        return ids
    }

    private func rotate(_ ids: [TokenID]) async throws -> [RotationResult] {
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": vault, "other": other], clock: fixture.clock,
            random: fixture.random)
        return try await rotator.rotate(
            ids.map {
                RotationRequest(
                    tokenID: $0, revision: nil, overlap: .hours(1), trigger: nil, change: fixture.change())
            })
    }

    @Test func `a hundred and fifty tokens in one secret are rotated in one pass, and none is refused`() async throws {
        let ids = try await add(150) { ["main:shared#f\($0)"] }
        let results = try await rotate(ids)
        #expect(results.allSatisfy { $0.outcome == .started && $0.cause == nil })
        #expect(vault.count(of: .write) == 150, "each is written once")
        #expect(fixture.clock.sleeps.isEmpty, "and nobody waited for a time")
    }

    @Test func `two destinations of one token in one secret are no trouble, and a field of another path is free`()
        async throws
    {
        let ids = try await add(2) { ["main:both\($0)#a", "main:both\($0)#b", "other:apart\($0)#a"] }
        #expect(try await rotate(ids).allSatisfy { $0.outcome == .started && $0.cause == nil })
        #expect(vault.count(of: .write) == 4)
        #expect(fixture.clock.sleeps.isEmpty)
    }

    @Test func `a secret of one token is read no more often than it was`() async throws {
        let ids = try await add(20) { ["main:own\($0)#token"] }
        _ = try await rotate(ids)
        #expect(vault.count(of: .probe) == 40, "once before, and once as proof")
    }

    @Test func `what is lost in a shared secret is fenced, one after the other`() async throws {
        let ids = try await add(30) { ["main:shared#f\($0)"] }
        vault.setHook { $0.operation == .write ? .timesOutBefore : nil }
        #expect(try await rotate(ids).allSatisfy(\.isStalled))
        vault.setHook(nil)
        fixture.clock.advance(by: .hours(2))
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": vault], clock: fixture.clock, random: fixture.random)
        let slept = fixture.clock.sleeps.count
        let recovery = try await rotator.recover(change: fixture.change())
        #expect(recovery.rotations.allSatisfy { $0.outcome == .started && $0.cause == nil })
        #expect(vault.count(of: .fence) == 30, "none was refused")
        #expect(fixture.clock.sleeps.count == slept)
    }
}
