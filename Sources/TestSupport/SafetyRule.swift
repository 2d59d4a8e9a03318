import Crypto
package import Engine
import RotaCore
import Stores

/// The rules of the protocol (RELIABILITY section 2.5) that a counter-example exists for each. Only here can one of
/// them be switched off, and then its scenario must find what breaks.
package enum SafetyRule: String, CaseIterable, Sendable {
    case digestBeforePush = "a digest is durable before its value leaves the process"
    case durableCommits = "a commit that was acknowledged survives a power cut"
    case sendingMark = "a row is marked before anything is sent"
    case unconfirmedStaysValid = "a value that may be somewhere stays valid"
    case atMostThree = "at most three versions of a token are valid"
    case everyDestination = "a value is promoted when every destination has been read back"
    case conditionalWrites = "a write names what it replaces"
    case baseOfProbe = "a write names the base of the probe and not a later one"

    /// The store without the rule.
    package func openStore(at location: String, endpoints: [Endpoint]) throws -> any Store {
        try openWeakenedStore(at: location, endpoints: endpoints, replacing: replacing, pragma: pragma)
    }

    private var pragma: String? { self == .durableCommits ? "PRAGMA synchronous=NORMAL" : nil }

    /// Parts of the store's statements, and what stands in their place.
    package var replacing: [String: String] {
        switch self {
        case .digestBeforePush:
            [
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING":
                    "VALUES ($1, $2, $3, CASE $3 WHEN 'pending' THEN NULL ELSE $4 END, $5, $6, $7, $8)"
            ]
        case .sendingMark: ["SET state = 'sending', base = $5": "SET state = 'unsent', base = $5"]
        case .unconfirmedStaysValid:
            ["SET state = 'unconfirmed' WHERE token_id": "SET state = 'revoked' WHERE token_id"]
        case .atMostThree: [") < 3": ") < 99"]
        case .durableCommits, .everyDestination, .conditionalWrites, .baseOfProbe: [:]
        }
    }

    /// A vault without the rule.
    package func weaken(_ vault: FakeVault) -> any Vault {
        switch self {
        case .everyDestination: VaultThatIsTrusted(vault: vault)
        case .baseOfProbe: VaultOfLateBases(vault: vault)
        default: vault
        }
    }
}

/// Calls everything written that was sent: nobody looks whether it arrived.
private struct VaultThatIsTrusted: Vault {
    let vault: FakeVault
    private let sent = Locked<[String: String]>([:])

    init(vault: FakeVault) { self.vault = vault }

    var name: String { vault.name }
    var capabilities: VaultCapabilities { vault.capabilities }

    func check() async throws(VaultError) { try await vault.check() }

    func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let found = try await vault.probe(destination)
        guard let value = sent.withLock({ $0[destination.description] }) else { return found }
        return Observation(base: found.base, value: Secret(utf8: value))
    }

    func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        sent.withLock { $0[destination.description] = String(decoding: value.copyBytes(), as: UTF8.self) }
        try await vault.write(value, to: destination, over: observation)
    }

    func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await vault.fence(destination, at: observation)
    }

    func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await vault.remove(destination, at: observation)
    }
}

/// Reads the base once more just before it writes, instead of taking that of the probe.
private struct VaultOfLateBases: Vault {
    let vault: FakeVault

    var name: String { vault.name }
    var capabilities: VaultCapabilities { vault.capabilities }

    func check() async throws(VaultError) { try await vault.check() }

    func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        try await vault.probe(destination)
    }

    func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        try await vault.requireWritable(destination)
        let late = try await vault.probe(destination)
        try await vault.write(value, to: destination, over: late)
    }

    func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await vault.fence(destination, at: observation)
    }

    func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await vault.remove(destination, at: observation)
    }

    func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        try await vault.held(matches, in: destination, after: base, through: observation)
    }
}
