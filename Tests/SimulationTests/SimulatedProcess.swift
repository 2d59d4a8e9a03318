import Crypto
import Engine
import RotaCore
import Stores
import TestSupport

/// One process of the real engine over the real store: two of them work on one store, and each may be killed at any
/// point and begun anew.
// Unchecked: `any Store` belongs to one thread, and everything here runs on the one thread of the simulation.
final class SimulatedProcess: @unchecked Sendable {
    let number: Int
    private let world: World
    private let store: any Store
    private let rotator: Rotator
    private let tokens: [TokenID]

    init(_ number: Int, in world: World, store location: String, tokens: [TokenID], replacing: [String: String]) throws
    {
        self.number = number
        self.world = world
        self.tokens = tokens
        let endpoints = [Endpoint(name: "all", events: [Glob("*")], retries: [])]
        store = try openWeakenedStore(
            at: location, endpoints: endpoints, replacing: replacing,
            commitFault: { world.commitFault(process: number) })
        let vaults = world.vaults.map { SimulatedVault($0, process: number, world: world) }
        rotator = Rotator(
            // The edge ends a process there; the simulation does as soon as the step is over.
            store: StoreQueue(
                store, on: { work in world.submit(number, work) }, executor: world.executor,
                onUnknownOutcome: { _ in world.doom(number) }),
            vaults: Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, $0) }),
            clock: SimulatedClock(process: number, world: world), random: SeededRandom(seed: world.word()))
    }

    func begin() {
        Task(executorPreference: world.executor) { await self.live() }
    }

    func kill() {
        store.close()
        world.kill(number)
    }

    /// As a daemon does: it goes on with what is unfinished, begins something now and then, and rests.
    private func live() async {
        while world.isAlive(number) {
            let change = Change(actor: "simulation", at: world.now, cause: "a step")
            _ = try? await rotator.recover(change: change)
            if world.hasFaults, world.isDrawn(0.6) { _ = try? await rotator.rotate(requests(change)) }
            let rest = [5_000, 60_000, 600_000, 3_600_000, 7_200_000][world.number(below: 5)]
            guard case .goesOn = await world.sleep(number, milliseconds: Int64(rest)) else { return }
        }
    }

    private func requests(_ change: Change) -> [RotationRequest] {
        tokens.filter { _ in world.isDrawn(0.6) }.map { token in
            RotationRequest(
                tokenID: token, revision: nil,
                overlap: TimeSpan(seconds: [0, 60, 3_600][world.number(below: 3)]), trigger: nil,
                supersedes: world.isDrawn(0.2), change: change)
        }
    }
}

/// The world's time, as one process has it. To sleep is to wait for a step of the world.
private struct SimulatedClock: WallClock {
    let process: Int
    let world: World

    func now() -> Instant { world.now }

    func reading() -> ClockReading {
        ClockReading(wall: world.now, uptime: TimeSpan(seconds: world.now.seconds), boot: "simulation")
    }

    func sleep(milliseconds: Int64) async throws {
        guard case .goesOn = await world.sleep(process, milliseconds: milliseconds) else { throw CancellationError() }
    }
}

/// A vault as one process reaches it: over a network that does what the world says.
private struct SimulatedVault: Vault {
    private let vault: FakeVault
    private let process: Int
    private let world: World

    var name: String { vault.name }
    var capabilities: VaultCapabilities { vault.capabilities }

    init(_ vault: FakeVault, process: Int, world: World) {
        self.vault = vault
        self.process = process
        self.world = world
    }

    func check() async throws(VaultError) {
        try await call(.check, nil) { () async throws(VaultError) in try await vault.check() }
    }

    func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        try await call(.probe, destination) { () async throws(VaultError) in try await vault.probe(destination) }
    }

    func requireWritable(_ destination: Destination) async throws(VaultError) {
        try await call(.access, destination) { () async throws(VaultError) in
            try await vault.requireWritable(destination)
        }
    }

    func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        try await call(.write, destination) { () async throws(VaultError) in
            try await vault.write(value, to: destination, over: observation)
        }
    }

    func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await call(.fence, destination) { () async throws(VaultError) in
            try await vault.fence(destination, at: observation)
        }
    }

    func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await call(.remove, destination) { () async throws(VaultError) in
            try await vault.remove(destination, at: observation)
        }
    }

    func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        try await call(.held, destination) { () async throws(VaultError) in
            try await vault.held(matches, in: destination, after: base, through: observation)
        }
    }

    private func call<R>(
        _ operation: FakeVault.Operation, _ destination: Destination?, _ body: () async throws(VaultError) -> R
    ) async throws(VaultError) -> R {
        let what = "\(operation) \(destination?.description ?? name)"
        guard case .goesOn(let fault) = await world.request(process, operation, vault, destination, what) else {
            throw Self.dead
        }
        // Nothing runs beside us: the next call of the vault is this one.
        vault.script(operation, fault)
        let result: Result<R, VaultError>
        do throws(VaultError) {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        guard case .goesOn = await world.answer(process, what) else { throw Self.dead }
        return try result.get()
    }

    private static let dead = VaultError(.transient, "the process is dead")
}
