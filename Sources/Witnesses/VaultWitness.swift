import Crypto
package import Engine
package import RotaCore

/// A place in a vault that always has the newest checkpoint. What it had before is in the vault's own history, where
/// the kind keeps one.
///
/// It is written on the condition that it is as it was read, and only over a checkpoint, or where nothing is: a value
/// that somebody uses is never replaced.
package struct VaultWitness: CheckpointWitness {
    package let name: String
    package let kind = "vault"
    package let place: String

    private let vault: any Vault
    private let destination: Destination

    package init(name: String, vault: any Vault, destination: Destination) {
        self.name = name
        self.vault = vault
        self.destination = destination
        place = "sha256:" + Hex.encode(SHA256.digest(of: "vault \(destination)"))
    }

    package func held(of log: String) async throws(WitnessError) -> String? {
        guard vault.capabilities.readable else { return nil }
        return try await asking { () throws(VaultError) in try await vault.probe(destination).text }
    }

    package func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) {
        let observed = try await asking { () throws(VaultError) in try await vault.probe(destination) }
        if let text = observed.text, !text.hasPrefix(checkpoint.log + "\n") {
            throw WitnessError(
                "\(destination) has something else than checkpoints of this log: give the witness a place of its own")
        }
        try await asking { () throws(VaultError) in
            try await vault.write(Secret(utf8: checkpoint.note), to: destination, over: observed)
        }
        guard vault.capabilities.readable, try await held(of: checkpoint.log) != checkpoint.note else { return }
        throw WitnessError("\(destination) took the checkpoint, and has another one")
    }

    private func asking<R>(_ body: () async throws(VaultError) -> R) async throws(WitnessError) -> R {
        do { return try await body() } catch { throw WitnessError("vault '\(vault.name)': \(error.message)") }
    }
}

extension Observation {
    /// A checkpoint is no secret.
    fileprivate var text: String? { value.map { String(decoding: $0.copyBytes(), as: UTF8.self) } }
}
