import Crypto
import Engine
import RotaCore
import Stores
import TestSupport

/// A store in a scratch folder, vaults in memory, and rotators over them: what the tests of the protocol
/// work on. Its checker knows only the invariants.
final class RotationBench: Sendable {
    let queue: StoreQueue
    let clock = ManualClock(Instant(seconds: 1_795_392_000))
    let vaults: [String: FakeVault]
    let id = TokenID("tok_bench")
    private let folder: ScratchFolder

    /// One token with the value `rota_first…` in one destination of each vault.
    init(_ vaults: [FakeVault], seeded: Bool = true) throws {
        self.vaults = Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, $0) })
        folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/store/rota.db"
        let start = clock.now()
        let change = Change(actor: "test", at: start, cause: "set up")
        try createStore(
            at: location, identity: StoreIdentity(instance: "bench", generation: 1, createdAt: start), change: change)
        let store = try openStore(
            at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
        let value = TokenValue.mint(prefix: "rota") { Random.bytes(64) }
        let destinations = vaults.map { Destination(vault: $0.name, path: "apps/bench") }
        let issuedAt = start - .days(100)
        let token = Token(
            id: id, name: "bench", createdAt: issuedAt, values: ValueSummary(currentIssuedAt: issuedAt),
            destinationCount: vaults.count)
        try store.transaction {
            try store.addToken(
                token,
                version: Version(
                    number: 1, state: .current, digest: TokenValue.digest(of: value), hint: "", issuedAt: issuedAt),
                destinations: destinations, change: change)
        }
        if seeded {
            for vault in vaults {
                vault.foreignWrite(
                    String(decoding: value.copyBytes(), as: UTF8.self),
                    at: Destination(vault: vault.name, path: "apps/bench"))
            }
        }
        queue = StoreQueue(store) { _ in }
    }

    /// A rotator as a new process would have it: it remembers nothing.
    func rotator(seed: UInt64 = 1) -> Rotator {
        Rotator(store: queue, vaults: vaults, clock: clock, random: SeededRandom(seed: seed))
    }

    var change: Change { Change(actor: "test", at: clock.now(), cause: "test") }

    func request(overlap: TimeSpan = .hours(1), supersedes: Bool = false) -> RotationRequest {
        RotationRequest(
            tokenID: id, revision: nil, overlap: overlap, trigger: nil, supersedes: supersedes, change: change)
    }

    func versions() async throws -> [Version] {
        let id = id
        return try await queue.read { try $0.versions(of: id) }
    }

    func states() async throws -> [VersionState] {
        try await versions().map(\.state)
    }

    /// What breaks an invariant now, in words; empty when all hold (I1, I2 and I4).
    func violations() async throws -> [String] {
        let versions = try await versions()
        var found: [String] = []
        func version(of value: String) -> Version? {
            let digest = TokenValue.digest(of: Secret(utf8: value))
            return versions.first { $0.digest == digest }
        }
        for vault in vaults.values {
            let destination = Destination(vault: vault.name, path: "apps/bench")
            if let value = vault.value(at: destination), let version = version(of: value),
                !version.state.authenticates
            {
                found.append("\(vault.name) holds version \(version.number), which is \(version.state)")
            }
            // What somebody else wrote is his; whatever we ever wrote was known before.
            let foreign = Set(vault.history.filter { $0.origin == .foreign }.compactMap(\.value))
            for value in vault.history.compactMap(\.value) where !foreign.contains(value) && version(of: value) == nil {
                found.append("\(vault.name) was given a value that nobody had recorded")
            }
        }
        if versions.count(where: { $0.state.authenticates }) > 3 { found.append("more than three are valid") }
        if versions.count(where: { $0.state == .current }) != 1 { found.append("not exactly one is current") }
        if versions.count(where: { $0.state == .pending }) > 1 { found.append("two are pending") }
        return found
    }

    /// Goes on as the nightly runs would, with the clock moved on between them, until nothing is unfinished.
    func runToTheEnd(passes: Int = 12, seed: UInt64 = 100) async throws {
        for pass in 0..<passes {
            let open = try await queue.read { try $0.openRotations() }
            if open.isEmpty { return }
            // Whoever had them is given up for dead.
            try await queue.read { store in
                for rotation in open { store.letGo(rotation.id) }
            }
            clock.advance(by: .hours(2))
            _ = try await rotator(seed: seed + UInt64(pass)).recover(change: change)
        }
    }

    /// The types of all events that wait to be delivered, oldest first.
    func events() async throws -> [String] {
        let end = clock.now() + .days(1000)
        return try await queue.read { store in
            try store.dueDeliveries(endpoint: "all", at: end, limit: 1000).map(\.event.type)
        }
    }
}
