import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// The fake is what the engine is tested against: its faults must be the faults that they are named after.
@Suite struct FakeVaultTests {
    let place = Destination(vault: "fake", path: "app/db")

    @Test func `a write that times out after it was applied is there, and one before is not`() async throws {
        let vault = FakeVault()
        vault.script(.write, .timesOutBefore, .timesOutAfter)
        let empty = try await vault.probe(place)
        for expected in [nil, "one"] {
            let error = await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: "one"), to: place, over: empty)
            }
            #expect(error?.kind == .unknownOutcome)
            #expect(vault.value(at: place) == expected)
        }
    }

    @Test func `a late write stands or falls with its condition`() async throws {
        let vault = FakeVault()
        let empty = try await vault.probe(place)
        vault.script(.write, .landsLater)
        await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "late"), to: place, over: empty)
        }
        try await vault.fence(place, at: empty)
        #expect(vault.landLateWrites() == 0)
        #expect(vault.value(at: place) == nil)

        let fenced = try await vault.probe(place)
        vault.script(.write, .landsLater)
        await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "late"), to: place, over: fenced)
        }
        #expect(vault.landLateWrites() == 1)
        #expect(vault.value(at: place) == "late")
        #expect(vault.history.map(\.origin) == [.fence, .write])
    }

    @Test func `a stale read shows the state before the newest, and a write over it is refused`() async throws {
        let vault = FakeVault()
        vault.foreignWrite("one", at: place)
        vault.foreignWrite("two", at: place)
        vault.script(.probe, .stale)
        let stale = try await vault.probe(place)
        #expect(stale.base == "1")
        let error = await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "three"), to: place, over: stale)
        }
        #expect(error?.kind == .refused)
    }

    @Test func `a vault that cannot be fenced has the same base for the same content`() async throws {
        let vault = FakeVault(fenceable: false)
        vault.foreignWrite("one", at: place)
        let before = try await vault.probe(place)
        try await vault.fence(place, at: before)
        #expect(try await vault.probe(place).base == before.base)
        #expect(!vault.capabilities.orderedBases)
    }

    @Test func `the history tells whether a value was ever there`() async throws {
        let vault = FakeVault()
        let empty = try await vault.probe(place)
        vault.foreignWrite("one", at: place)
        vault.foreignWrite("two", at: place)
        let now = try await vault.probe(place)
        for (value, expected) in [("one", "one"), ("two", "two"), ("three", "never")] {
            let held = try await vault.held(
                { $0.isEqual(to: Array(value.utf8)) }, in: place, after: empty.base, through: now)
            #expect(held.word == expected)
        }
    }

    @Test func `the same seed gives the same bytes, and sleeping moves the clock`() async throws {
        #expect(SeededRandom(seed: 7).bytes(20) == SeededRandom(seed: 7).bytes(20))
        #expect(SeededRandom(seed: 7).bytes(20) != SeededRandom(seed: 8).bytes(20))
        let clock = ManualClock(Instant(seconds: 100))
        try await clock.sleep(milliseconds: 2500)
        #expect(clock.now() == Instant(seconds: 102))
        #expect(clock.sleeps == [2500])
    }
}
