import Crypto
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

/// A fence counts only for the attempt that was read before it was sent.
@Suite struct FenceTests {
    private let place = Destination(vault: "a", path: "apps/bench")

    @Test func `another attempt that is armed between the row's reading and the fence's mark keeps the value valid`()
        async throws
    {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        let value = TokenValue.mint(prefix: "rota") { Random.bytes(64) }
        let digest = try #require(TokenValue.digest(of: value))
        let (id, queue, change, clock) = (bench.id, bench.queue, bench.change, bench.clock)
        // The sleeper: it has the value in memory, and has sent it once.
        let before = try await vault.probe(place)
        let (version, row) = try await queue.write { store in
            let rotation = try #require(
                try store.claimRotation(
                    of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: change))
            let places = try store.destinations(of: id).map(\.id)
            let armed = try store.arm(rotation.id, digest: digest, hint: "", destinations: places, change: change)
            let version = try #require(armed)
            let attempt = try store.markSending(
                id, version: version, destination: places[0], attempt: 0, base: before.base, ordered: true,
                at: clock.now())
            #expect(attempt == 1)
            store.letGo(rotation.id)
            return (version, places[0])
        }
        // It wakes up when the fence is through, and arms a second attempt over what the fence has left.
        let seen = Locked<Observation?>(nil)
        let interposed = InterposedVault(
            inner: vault,
            afterFence: { [place] in
                guard seen.withLock({ $0 == nil }), let now = try? await vault.probe(place) else { return }
                seen.withLock { $0 = now }
                let attempt = try? await queue.write { store in
                    try store.markSending(
                        id, version: version, destination: row, attempt: 1, base: now.base, ordered: true,
                        at: clock.now())
                }
                #expect(attempt == 2)
            })
        let recovering = Rotator(
            store: queue, vaults: ["a": interposed], clock: clock, random: SeededRandom(seed: 1))
        bench.clock.advance(by: .hours(1))
        let result = try await recovering.recover(change: bench.change).rotations
        #expect(result.map(\.outcome) == [.skipped])
        let over = try #require(seen.withLock { $0 })
        try await vault.write(value, to: place, over: over)
        #expect(try await bench.violations() == [], "the second attempt has landed")
        #expect(try await bench.states() == [.current, .pending])
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(vault.value(at: place) == String(decoding: value.copyBytes(), as: UTF8.self))
    }

    @Test func `a yes to a fence that changed nothing is no proof`() async throws {
        let vault = FakeVault("a", orderedBases: false, keepsHistory: false)
        let bench = try RotationBench([vault])
        let value = TokenValue.mint(prefix: "rota") { Random.bytes(64) }
        let digest = try #require(TokenValue.digest(of: value))
        let (id, change, clock) = (bench.id, bench.change, bench.clock)
        let before = try await vault.probe(place)
        try await bench.queue.write { store in
            let rotation = try #require(
                try store.claimRotation(
                    of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: change))
            let places = try store.destinations(of: id).map(\.id)
            let armed = try store.arm(rotation.id, digest: digest, hint: "", destinations: places, change: change)
            _ = try store.markSending(
                id, version: try #require(armed), destination: places[0], attempt: 0, base: before.base,
                ordered: false, at: clock.now())
            store.letGo(rotation.id)
        }
        // It has landed; the next read is older, and the vault says yes to what it does not do.
        try await vault.write(value, to: place, over: before)
        vault.script(.probe, .stale)
        vault.script(.fence, .saysYesOnly)
        let rotator = Rotator(
            store: bench.queue, vaults: ["a": vault], clock: clock, random: SeededRandom(seed: 1))
        bench.clock.advance(by: .hours(1))
        _ = try await rotator.recover(change: bench.change)
        #expect(vault.count(of: .fence) == 1)
        #expect(try await bench.violations() == [], "the place holds what was taken for fenced")
        try await bench.runToTheEnd()
        #expect(vault.value(at: place) == String(decoding: value.copyBytes(), as: UTF8.self))
    }
}
