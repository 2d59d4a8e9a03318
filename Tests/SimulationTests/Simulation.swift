import Crypto
import Engine
import RotaCore
import Stores
import TestSupport

/// One history: two processes rotate two tokens in two to four destinations each, while everything fails that may.
struct Simulation {
    struct Outcome: Sendable {
        var seed: UInt64
        /// For how many of its steps things fail.
        var faultySteps: Int
        var steps = 0
        var kills = 0
        /// Versions that became current, or had, and were not the first ones.
        var rotations = 0
        /// Empty places that were given the current value, so that they could be fenced.
        var fillings = 0
        /// What was broken, and how it came to that; nil when nothing was.
        var violation: String?
    }

    private static let tokens = [TokenID("tok_one"), TokenID("tok_two")]
    /// How many steps all may take that has begun, once nothing fails any more.
    private static let patience = 4_000

    private let seed: UInt64
    private let world: World
    private let folder: ScratchFolder
    private let location: String
    private let replacing: [String: String]
    private let checker: InvariantChecker
    private let looked = Looked()

    private final class Looked { var changes = -1 }

    /// - parameter replacing: parts of the store's statements that are taken away.
    init(seed: UInt64, replacing: [String: String] = [:]) throws {
        self.seed = seed
        self.replacing = replacing
        let vaults = [
            FakeVault("kv"),
            // Its emptiness is fenced, or filled, or neither, since it cannot tell what it held.
            FakeVault("opaque", orderedBases: false, fencesEmptiness: seed % 3 == 0, keepsHistory: seed % 3 == 1),
            FakeVault("content", fenceable: false, keepsHistory: false),
            FakeVault("plain", conditionalWrite: false, fenceable: false, keepsHistory: false),
        ]
        folder = try ScratchFolder()
        location = "sqlite:\(folder.path)/store/rota.db"
        let start = Instant(seconds: 1_795_392_000)
        world = World(seed: seed, vaults: vaults, start: start)
        let change = Change(actor: "simulation", at: start, cause: "the beginning")
        try createStore(
            at: location, identity: StoreIdentity(instance: "simulation", generation: 1, createdAt: start),
            change: change)
        let store = try openStore(
            at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
        for (index, id) in Self.tokens.enumerated() {
            try Self.add(id, index, seed, to: store, world: world, change: change)
        }
        store.close()
        checker = try InvariantChecker(store: location, vaults: vaults, tokens: Self.tokens)
    }

    private static func add(
        _ id: TokenID, _ index: Int, _ seed: UInt64, to store: any Store, world: World, change: Change
    ) throws {
        // Two, three or four places, in any of the kinds; the second token of some seeds has all that is good.
        let count = 2 + world.number(below: 3)
        let isSound = index == 0 && seed % 2 == 0
        var destinations: [Destination] = []
        for number in 0..<count {
            let vault = isSound ? world.vaults[number % 2] : world.vaults[world.number(below: world.vaults.count)]
            destinations.append(Destination(vault: vault.name, path: "\(id)/\(number)"))
        }
        let random = SeededRandom(seed: world.word())
        let value = TokenValue.mint(prefix: "rota") { random.bytes(64) }
        let issuedAt = change.at - .days(100)
        let token = Token(
            id: id, name: id.text, createdAt: issuedAt, values: ValueSummary(currentIssuedAt: issuedAt),
            destinationCount: count)
        try store.transaction {
            try store.addToken(
                token,
                version: Version(
                    number: 1, state: .current, digest: TokenValue.digest(of: value), hint: "", issuedAt: issuedAt),
                destinations: destinations, change: change)
        }
        for destination in destinations where !world.isDrawn(0.1) {
            world.vaults.first { $0.name == destination.vault }?
                .foreignWrite(String(decoding: value.copyBytes(), as: UTF8.self), at: destination)
        }
    }

    /// - parameter steps: while things fail; what has begun then is brought to its end.
    func run(steps: Int) throws -> Outcome {
        var outcome = Outcome(seed: seed, faultySteps: steps)
        var next = 3
        var processes = [try begin(1), try begin(2)]
        while world.steps < steps {
            guard try proceed(&outcome) else { return outcome }
            let isKilled = world.isDrawn(0.004)
            let killed = world.number(below: 2)
            for index in 0..<2 where world.isDoomed(processes[index].number) || isKilled && index == killed {
                processes[index].kill()
                outcome.kills += 1
                processes[index] = try begin(next)
                next += 1
            }
        }
        world.endFaults()
        try comeToRest(&outcome)
        for process in processes { process.kill() }
        world.executor.runUntilAllWait()
        outcome.steps = world.steps
        outcome.fillings = checker.fillings
        return outcome
    }

    private func begin(_ number: Int) throws -> SimulatedProcess {
        let process = try SimulatedProcess(
            number, in: world, store: location, tokens: Self.tokens, replacing: replacing)
        process.begin()
        return process
    }

    /// One step and one look; false when something is broken.
    private func proceed(_ outcome: inout Outcome) throws -> Bool {
        guard world.step() else {
            return fail("nothing can happen any more", &outcome)
        }
        // Nothing can be broken where nothing has changed.
        guard world.changes != looked.changes else { return true }
        looked.changes = world.changes
        guard let first = try checker.violations().first else { return true }
        return fail(first, &outcome)
    }

    private func fail(_ what: String, _ outcome: inout Outcome) -> Bool {
        outcome.steps = world.steps
        outcome.violation =
            "\(what)\nReplay it with: make test-simulation ROTA_SIMULATION_SEED=\(seed)"
            + " ROTA_SIMULATION_STEPS=\(outcome.faultySteps)\n"
            + world.history.suffix(120).joined(separator: "\n")
        return false
    }

    /// Without faults every rotation that was begun comes to its end, older values retired, unless it waits for what
    /// nobody but a person can give.
    private func comeToRest(_ outcome: inout Outcome) throws {
        let reader = try openReaders(at: location)
        let end = world.steps + Self.patience
        var left = ["nothing was looked at"]
        while world.steps < end, !left.isEmpty {
            guard try proceed(&outcome) else { return }
            if world.steps.isMultiple(of: 50) { left = try unfinished(reader) }
        }
        if let first = left.first { _ = fail("\(first), and nothing is in its way any more", &outcome) }
        outcome.rotations = try reader.read { store in
            try Self.tokens.reduce(0) { sum, id in
                sum
                    + (try store.versions(of: id).count {
                        $0.number > 1 && ($0.state == .current || $0.state == .previous || $0.endsAt != nil)
                    })
            }
        }
    }

    /// The rotations that nothing keeps from their end.
    private func unfinished(_ reader: any StoreReaders) throws -> [String] {
        try reader.read { store in
            try store.openRotations().filter { try !isExcused($0, store) }.map { rotation in
                "\(rotation.tokenID): its rotation is \(rotation.phase), \(rotation.cause ?? "without a cause")"
            }
        }
    }

    /// Somebody else's value, or an older one that somebody put back, waits for a person; and so do three valid values
    /// of which none can be proved to be nowhere, or of which one is kept since somebody has emptied a place.
    private func isExcused(_ rotation: Rotation, _ store: any StoreReads) throws -> Bool {
        let versions = try store.versions(of: rotation.tokenID)
        let destinations = try store.destinations(of: rotation.tokenID)
        let newest = versions.last { $0.state == .pending || $0.state == .current }?.digest
        let isForeign = destinations.contains { destination in
            guard let value = value(at: destination) else { return rotation.phase == .overlap }
            let digest = TokenValue.digest(of: Secret(utf8: value))
            return rotation.phase == .overlap
                ? digest != newest : digest.map { held in !versions.contains { $0.digest == held } } ?? true
        }
        if isForeign { return true }
        guard rotation.phase == .open, versions.count(where: { $0.state.authenticates }) >= 3 else { return false }
        let pushes = try store.pushes(of: rotation.tokenID)
        let current = versions.first { $0.state == .current }
        // An older value is kept while the current one is missing where it was read back: somebody deleted it there.
        let isEmptied = destinations.contains { place in
            value(at: place) == nil
                && pushes.contains {
                    $0.version == current?.number && $0.destinationID == place.id && $0.state == .verified
                }
        }
        if isEmptied, versions.contains(where: { $0.state == .previous }) { return true }
        return versions.filter { $0.state == .unconfirmed }.allSatisfy { version in
            destinations.contains { place in
                pushes.contains { $0.version == version.number && $0.destinationID == place.id && $0.state != .fenced }
                    && mayHaveBeenSeen(version, at: place, among: destinations, current)
            }
        }
    }

    /// It was there; or its vault cannot be fenced or has no history to tell by; or the place may have been empty, and
    /// nothing was there to fill it with.
    private func mayHaveBeenSeen(
        _ version: Version, at place: Destination, among destinations: [Destination], _ current: Version?
    ) -> Bool {
        guard let vault = world.vaults.first(where: { $0.name == place.vault }) else { return false }
        let digest = { (value: String) in TokenValue.digest(of: Secret(utf8: value)) }
        let wasThere = vault.history.contains { write in
            write.path == place.path && write.value.map { digest($0) == version.digest } ?? false
        }
        let capabilities = vault.capabilities
        let canBeFenced = capabilities.fenceable && capabilities.conditionalWrite && vault.keepsHistory
        let canBeFilled = destinations.contains { other in
            other.id != place.id && value(at: other).map { digest($0) == current?.digest } ?? false
        }
        return wasThere || !canBeFenced || !capabilities.fencesEmptiness && !canBeFilled
    }

    private func value(at place: Destination) -> String? {
        world.vaults.first { $0.name == place.vault }?.value(at: place)
    }
}
