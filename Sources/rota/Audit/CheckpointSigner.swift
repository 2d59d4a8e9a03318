import Crypto
import Engine
import RotaCore
import TransparencyLog

/// The key that checkpoints of the audit log are signed by.
enum CheckpointSigner {
    /// - throws: `Failure` where the configuration names none, or what it names is none.
    static func find(_ configuration: Configuration) throws(Failure) -> NoteSigner {
        guard let reference = configuration.auditKey else {
            throw .usage(
                "the configuration has no key for the audit log", hint: "write 'audit: { key: file:audit.key }'")
        }
        let secret: Secret
        do { secret = try reference.resolve(for: "audit.key") } catch {
            throw Failure(error.message, hint: "make one: rota audit key --new", code: error.code)
        }
        guard let signer = NoteSigner(secret) else {
            throw .usage(
                "audit.key: \(reference) holds no key for signed notes",
                hint: "it begins with PRIVATE+KEY+; make one: rota audit key --new")
        }
        return signer
    }

    /// A new one. Its name is that of the log, and of nothing else: of this instance in this life of the store.
    static func make(for identity: StoreIdentity, _ random: some RandomSource) throws(Failure) -> NoteSigner {
        let life = identity.generation == 1 ? "" : "/\(identity.generation)"
        let seed = Secret(copying: random.bytes(Ed25519.seedBytes))
        guard let signer = NoteSigner(name: "rota-\(identity.instance)\(life)", seed: seed) else {
            throw Failure("a key for the audit log could not be made")
        }
        return signer
    }

    /// Puts it where the configuration says: a file, which is readable by its owner alone.
    static func write(_ signer: NoteSigner, _ configuration: Configuration, suffix: String, replacing: Bool)
        throws(Failure) -> String
    {
        guard case .file(let path) = configuration.auditKey else {
            throw .usage(
                "audit.key is no file that rota could write",
                hint: "write 'audit: { key: file:audit.key }', or bring a key there by other means")
        }
        let file = try NewFile(at: path, suffix: suffix)
        try file.write(signer.text.copyBytes() + [UInt8(ascii: "\n")])
        try file.place(replacing: replacing)
        return path
    }
}

extension Composition {
    /// Signs what the audit log is now, where a key is configured: at the end of what may have written to it.
    ///
    /// - returns: why it could not be done; nil where it was, or no key is configured.
    func signAuditLog(_ store: StoreQueue) async -> Failure? {
        guard configuration.auditKey != nil else { return nil }
        do {
            let signer = try CheckpointSigner.find(configuration)
            let change = change("checkpoint")
            _ = try await store.write { try issueCheckpoint(in: $0, by: signer, change: change) }
            return nil
        } catch {
            return Failure(error)
        }
    }
}
