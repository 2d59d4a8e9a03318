package import RotaCore
package import TransparencyLog

/// Keeps checkpoints of the audit log where those who operate it cannot take them back.
///
/// Told at least once: the same checkpoint may come again. A witness never looks at the store.
package protocol CheckpointWitness: Sendable {
    /// The name in the configuration.
    var name: String { get }
    /// Such as `file` or `email`.
    var kind: String { get }
    /// Tells one address from another, and nothing else of it: an address may hold a credential.
    var place: String { get }

    /// The newest checkpoint of a log that it holds; nil where it holds none, or cannot be asked.
    func held(of log: String) async throws(WitnessError) -> String?

    /// Gives it a checkpoint; returning means that it has it. Whatever it held before, it holds still, or can be asked
    /// for by its own history.
    func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError)
}

/// Why a witness has not taken a checkpoint, or cannot be asked.
package struct WitnessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For people; never holds a credential.
    package var message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}

/// A checkpoint as witnesses are given it, with what it takes to verify it elsewhere.
package struct OfferedCheckpoint: Hashable, Sendable {
    /// The name of the log.
    package var log: String
    package var size: Int
    package var root: TreeHash
    /// When it was signed.
    package var at: Instant
    /// The signed note (C2SP tlog-checkpoint).
    package var note: String
    /// The public key that it was signed by (C2SP signed-note).
    package var key: String

    package init(log: String, size: Int, root: TreeHash, at: Instant, note: String, key: String) {
        self.log = log
        self.size = size
        self.root = root
        self.at = at
        self.note = note
        self.key = key
    }

    /// The newest one, with the key that signed it.
    ///
    /// - throws: `WitnessError` where it is no note, or signed by no key of the log.
    init(_ checkpoint: SignedCheckpoint, keys: [String]) throws(WitnessError) {
        guard let note = SignedNote(checkpoint.note), let read = Checkpoint(note.text), read.size == checkpoint.size,
            let key = keys.reversed().first(where: { NoteKey($0).map { note.isSigned(by: $0) } ?? false })
        else {
            throw WitnessError(
                "the checkpoint of \(checkpoint.size) entries is not as it was signed: 'rota audit verify' tells more")
        }
        self.init(
            log: read.origin, size: read.size, root: read.root, at: checkpoint.at, note: checkpoint.note, key: key)
    }

    /// What to keep it under: by name in order of size, and the same each time that it is given.
    package var fileName: String { "\(Self.stem(of: log))-\(Self.padded(size)).checkpoint" }

    /// What file names of a log begin with.
    package static func stem(of log: String) -> String {
        String(
            log.unicodeScalars.prefix(128).map { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "-_.".contains(Character(scalar)))
                    ? Character(scalar) : "-"
            })
    }

    private static func padded(_ size: Int) -> String {
        let digits = String(size)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    /// For the auditor: what this is, and how to hold the log against it. ASCII, in short lines.
    package var instructions: String {
        """
        This is a checkpoint of the audit log of Rota, which rotates API tokens.

          log      \(log)
          entries  \(size)
          root     \(root.base64)
          signed   \(at)

        Keep it where nobody who operates Rota can change it. It proves what the first
        \(size) entries were: none of them can be changed, dropped, moved or cut off
        later without being found.

        To verify, where the log is (read access is enough):

          rota audit verify --checkpoint \(fileName) --key KEY

        KEY is the public key that you were given by another way than this one, for
        'rota audit key' prints it. It should be this one:

          \(key)

        The format is C2SP tlog-checkpoint, signed with Ed25519; other tools read it.

        """
    }
}
