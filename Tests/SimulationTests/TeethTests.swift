import Crypto
import Engine
import Foundation
import RotaCore
import SQLite
import Stores
import TestSupport
import Testing

/// Each rule of the protocol has a scenario that ends well; without the rule the same checker must find it broken.
///
/// `make test-teeth` ends with `8 of 8 rules caught`.
@Suite struct TeethTests {
    @Test func `each rule is missed when it is switched off`() async throws {
        var caught = 0
        for rule in SafetyRule.allCases {
            let kept = try await Scenario(of: rule, isKept: true).violations()
            #expect(kept.isEmpty, "with the rule '\(rule.rawValue)': \(kept)")
            let broken = try await Scenario(of: rule, isKept: false).violations()
            #expect(!broken.isEmpty, "nobody notices that this is gone: \(rule.rawValue)")
            if kept.isEmpty, !broken.isEmpty { caught += 1 }
            print("without '\(rule.rawValue)': \(broken.first ?? "nothing is found")")
        }
        print("\(caught) of \(SafetyRule.allCases.count) rules caught")
    }

    @Test func `a statement that has changed its words is not weakened in silence`() throws {
        let bench = try TeethBench([FakeVault("a")], without: nil)
        #expect(throws: StoreError.self) {
            _ = try openWeakenedStore(at: bench.location, endpoints: [], replacing: ["no such words": ""])
        }
    }

    /// The simulation finds a missing rule by itself, too.
    @Test func `a history goes wrong without the mark`() throws {
        let replacing = SafetyRule.sendingMark.replacing
        let isFound = try (1...30).contains { seed in
            try Simulation(seed: seed, replacing: replacing).run(steps: 1_000).violation != nil
        }
        #expect(isFound)
    }

    @Test func `a history in which nothing is retired does not come to rest`() throws {
        let retiring = "WHERE token_id = $1 AND number = $2 AND state IN ('previous', 'unconfirmed') AND ends_at <= $3"
        let found = try (1...5).compactMap { seed in
            try Simulation(seed: seed, replacing: [retiring: "WHERE $1 = $2 AND $3 = $4 AND $5 = $1"])
                .run(steps: 1_000).violation
        }
        #expect(found.contains { $0.contains("its rotation is overlap") })
    }
}

/// One token in one or two vaults, and a store that may have lost a rule.
private struct TeethBench {
    static let id = TokenID("tok_teeth")

    let folder: ScratchFolder
    let location: String
    let clock = ManualClock(Instant(seconds: 1_795_392_000))
    let vaults: [FakeVault]
    let queue: StoreQueue
    private let rule: SafetyRule?

    init(_ vaults: [FakeVault], without rule: SafetyRule?) throws {
        self.vaults = vaults
        self.rule = rule
        folder = try ScratchFolder()
        location = "sqlite:\(folder.path)/store/rota.db"
        let change = Change(actor: "test", at: clock.now(), cause: "the beginning")
        try createStore(
            at: location, identity: StoreIdentity(instance: "teeth", generation: 1, createdAt: change.at),
            change: change)
        let value = TokenValue.mint(prefix: "rota") { SeededRandom(seed: 99).bytes(64) }
        let token = Token(
            id: Self.id, name: "teeth", createdAt: change.at - .days(100),
            values: ValueSummary(currentIssuedAt: change.at - .days(100)), destinationCount: vaults.count)
        let store = try openStore(at: location, endpoints: [])
        try store.transaction {
            try store.addToken(
                token,
                version: Version(
                    number: 1, state: .current, digest: TokenValue.digest(of: value), hint: "",
                    issuedAt: change.at - .days(100)),
                destinations: vaults.map { Destination(vault: $0.name, path: "app") }, change: change)
        }
        store.close()
        for vault in vaults {
            vault.foreignWrite(
                String(decoding: value.copyBytes(), as: UTF8.self), at: Destination(vault: vault.name, path: "app"))
        }
        // A folder that is watched is watched before it is opened.
        queue = StoreQueue(
            try rule?.openStore(at: location, endpoints: []) ?? openStore(at: location, endpoints: [])
        ) { _ in }
    }

    /// A process that remembers nothing of the one before it.
    func rotator(_ seed: UInt64) -> Rotator {
        Rotator(
            store: queue,
            vaults: Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, rule?.weaken($0) ?? $0) }), clock: clock,
            random: SeededRandom(seed: seed))
    }

    var change: Change { Change(actor: "test", at: clock.now(), cause: "test") }

    func rotate(_ seed: UInt64) async throws {
        _ = try await rotator(seed).rotate([
            RotationRequest(tokenID: Self.id, revision: nil, overlap: .zero, trigger: nil, change: change)
        ])
    }

    /// The process is dead, and time has passed; another one goes on.
    func recover(_ seed: UInt64) async throws {
        try await queue.read { store in
            for rotation in try store.openRotations() { store.letGo(rotation.id) }
        }
        clock.advance(by: .hours(2))
        _ = try await rotator(seed).recover(change: change)
    }

    func violations(in location: String? = nil) throws -> [String] {
        try InvariantChecker(store: location ?? self.location, vaults: vaults, tokens: [Self.id]).violations()
    }
}

/// The shortest way that is known to where the rule is needed.
private struct Scenario {
    let rule: SafetyRule
    let isKept: Bool

    init(of rule: SafetyRule, isKept: Bool) {
        self.rule = rule
        self.isKept = isKept
    }

    private func bench(_ vaults: FakeVault...) throws -> TeethBench {
        try TeethBench(vaults, without: isKept ? nil : rule)
    }

    func violations() async throws -> [String] {
        switch rule {
        case .digestBeforePush: try await rotateOnce()
        case .durableCommits: try await cutThePower()
        case .sendingMark: try await loseAWrite(at: FakeVault("kv"), passes: 1)
        case .unconfirmedStaysValid: try await loseAWrite(at: FakeVault("content", fenceable: false), passes: 1)
        case .atMostThree: try await loseAWrite(at: FakeVault("content", fenceable: false), passes: 4)
        case .everyDestination: try await sayYesOnly()
        case .conditionalWrites: try await landAfterTheEnd()
        case .baseOfProbe: try await stopBeforeTheWrite()
        }
    }

    private func rotateOnce() async throws -> [String] {
        let bench = try bench(FakeVault("kv"))
        try await bench.rotate(1)
        return try bench.violations()
    }

    /// What was synced is all that is left of the store; the vault has the new value.
    private func cutThePower() async throws -> [String] {
        let image = try ScratchFolder()
        let bench = try bench(FakeVault("kv"))
        let store = "\(bench.folder.path)/store"
        // What was there before is on the disk.
        for name in ["rota.db", "rota.db-wal"] { try copyFile("\(store)/\(name)", to: "\(image.path)/\(name)") }
        SyncWatch.watch(store) { path in
            if let name = path.split(separator: "/").last { try? copyFile(path, to: "\(image.path)/\(name)") }
        }
        defer { SyncWatch.end(store) }
        let queue = StoreQueue(
            isKept
                ? try openStore(at: bench.location, endpoints: [])
                : try rule.openStore(at: bench.location, endpoints: [])
        ) { _ in }
        let rotator = Rotator(
            store: queue, vaults: [bench.vaults[0].name: bench.vaults[0]], clock: bench.clock,
            random: SeededRandom(seed: 1))
        _ = try await rotator.rotate([
            RotationRequest(
                tokenID: TeethBench.id, revision: nil, overlap: .hours(1), trigger: nil, change: bench.change)
        ])
        return try bench.violations(in: "sqlite:\(image.path)/rota.db")
    }

    /// Writes that come late, after the process has died and another one has looked after its work.
    private func loseAWrite(at vault: FakeVault, passes: Int) async throws -> [String] {
        let bench = try bench(vault)
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        try await bench.rotate(1)
        vault.setHook { $0.operation == .write ? .timesOutBefore : nil }
        var found: [String] = []
        for pass in 1...passes {
            try await bench.recover(UInt64(1 + pass))
            found += try bench.violations()
        }
        vault.landLateWrites()
        return try found + bench.violations()
    }

    /// One of two vaults says yes and does nothing.
    private func sayYesOnly() async throws -> [String] {
        let (good, liar) = (FakeVault("kv"), FakeVault("liar"))
        let bench = try bench(good, liar)
        liar.setHook { $0.operation == .write ? .saysYesOnly : nil }
        try await bench.rotate(1)
        try await bench.recover(2)
        return try bench.violations()
    }

    /// A write comes when its value has been fenced, superseded and revoked.
    private func landAfterTheEnd() async throws -> [String] {
        let vault = FakeVault("kv", ignoresConditions: !isKept)
        let bench = try bench(vault)
        vault.setHook { $0.operation == .write ? .landsLater : nil }
        try await bench.rotate(1)
        vault.setHook(nil)
        try await bench.recover(2)
        try await bench.recover(3)
        vault.landLateWrites()
        return try bench.violations()
    }

    /// A process is stopped between its mark and its write, for as long as another one needs to take its place.
    private func stopBeforeTheWrite() async throws -> [String] {
        let vault = FakeVault("kv")
        let bench = try bench(vault)
        let stopped = Gate()
        let isFirst = Locked(true)
        vault.setHook { [isKept] call in
            // With the rule the write itself is next, without it the look before it.
            guard call.operation == (isKept ? .write : .access), call.number == 1,
                isFirst.withLock({ isFirst in
                    defer { isFirst = false }
                    return isFirst
                })
            else { return nil }
            await stopped.wait()
            return nil
        }
        async let first: Void = {
            // Who was never held up must not be waited for.
            defer { stopped.reach() }
            try await bench.rotate(1)
        }()
        await stopped.reached()
        try await bench.recover(2)
        try await bench.recover(3)
        stopped.open()
        try await first
        return try bench.violations()
    }
}

private func copyFile(_ path: String, to target: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.copyItem(atPath: path, toPath: target)
}

/// Somebody is held up at it until it is opened.
private final class Gate: Sendable {
    private struct State {
        var isReached = false
        var isOpen = false
        var watching: [CheckedContinuation<Void, Never>] = []
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (watching, isOpen) = state.withLock { state in
                defer { state.watching = [] }
                state.isReached = true
                if !state.isOpen { state.held.append(continuation) }
                return (state.watching, state.isOpen)
            }
            for watcher in watching { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    func reach() {
        let watching = state.withLock { state in
            defer { state.watching = [] }
            state.isReached = true
            return state.watching
        }
        for watcher in watching { watcher.resume() }
    }

    func reached() async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if !state.isReached { state.watching.append(continuation) }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }

    func open() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isOpen = true
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}
