import Crypto
import Engine
import RotaCore
import TestSupport

/// A vault that does something once a request was carried out, before its caller hears of it.
struct InterposedVault: Vault {
    let inner: FakeVault
    var afterProbe: @Sendable (Observation) async -> Void = { _ in }
    var afterFence: @Sendable () async -> Void = {}

    var name: String { inner.name }
    var capabilities: VaultCapabilities { inner.capabilities }

    func check() async throws(VaultError) { try await inner.check() }

    func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let observation = try await inner.probe(destination)
        await afterProbe(observation)
        return observation
    }

    func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        try await inner.write(value, to: destination, over: observation)
    }

    func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await inner.fence(destination, at: observation)
        await afterFence()
    }

    func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        try await inner.held(matches, in: destination, after: base, through: observation)
    }

    func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await inner.remove(destination, at: observation)
    }
}
