package import Crypto
package import RotaCore

/// How often each vault was asked for what, and what came of it, since the process began.
package final class VaultMeter: Sendable {
    /// One line of the count.
    package struct Key: Hashable, Comparable, Sendable {
        package var vault: String
        /// As in the port: `probe`, `write` and so on.
        package var operation: String
        /// `ok`, or what kind of error it was.
        package var outcome: String

        package static func < (left: Key, right: Key) -> Bool {
            (left.vault, left.operation, left.outcome) < (right.vault, right.operation, right.outcome)
        }
    }

    private let counts = Locked<[Key: Int]>([:])

    package init() {}

    /// In a stable order.
    package var readings: [(key: Key, count: Int)] {
        counts.withLock { $0.map { (key: $0.key, count: $0.value) } }.sorted { $0.key < $1.key }
    }

    fileprivate func count(_ key: Key) { counts.withLock { $0[key, default: 0] += 1 } }
}

/// A vault, and beside it the count of what it is asked for.
package struct MeteredVault: Vault {
    private let vault: any Vault
    private let meter: VaultMeter

    package init(_ vault: any Vault, _ meter: VaultMeter) {
        self.vault = vault
        self.meter = meter
    }

    package var name: String { vault.name }
    package var capabilities: VaultCapabilities { vault.capabilities }

    package func check() async throws(VaultError) {
        try await counted("check") { () async throws(VaultError) in try await vault.check() }
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        try await counted("probe") { () async throws(VaultError) in try await vault.probe(destination) }
    }

    package func requireWritable(_ destination: Destination) async throws(VaultError) {
        try await counted("access") { () async throws(VaultError) in try await vault.requireWritable(destination) }
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        try await counted("write") { () async throws(VaultError) in
            try await vault.write(value, to: destination, over: observation)
        }
    }

    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await counted("fence") { () async throws(VaultError) in
            try await vault.fence(destination, at: observation)
        }
    }

    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        try await counted("held") { () async throws(VaultError) in
            try await vault.held(matches, in: destination, after: base, through: observation)
        }
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await counted("remove") { () async throws(VaultError) in
            try await vault.remove(destination, at: observation)
        }
    }

    package func erase(_ destination: Destination, since first: Observation) async throws(VaultError) {
        try await counted("erase") { () async throws(VaultError) in
            try await vault.erase(destination, since: first)
        }
    }

    package func close() async { await vault.close() }

    private func counted<R>(
        _ operation: String, _ body: () async throws(VaultError) -> R
    ) async throws(VaultError) -> R {
        var outcome = "ok"
        defer { meter.count(VaultMeter.Key(vault: name, operation: operation, outcome: outcome)) }
        do { return try await body() } catch {
            outcome = error.kind.rawValue
            throw error
        }
    }
}
