package import RotaCore
package import TransparencyLog

/// A checkpoint of the audit log as it was signed.
package struct SignedCheckpoint: Hashable, Sendable {
    package var size: Int
    package var root: TreeHash
    package var at: Instant
    /// The whole note (C2SP tlog-checkpoint).
    package var note: String

    package init(size: Int, root: TreeHash, at: Instant, note: String) {
        self.size = size
        self.root = root
        self.at = at
        self.note = note
    }
}

/// What is known of the audit log as a tree. Entry number 1 is leaf 0.
package protocol CheckpointReads {
    /// The number of the newest audit entry; 0 where there is none.
    func newestEntry() throws -> Int64
    func auditEntry(_ number: Int64) throws -> AuditEntry?
    /// The hash over a complete subtree that is kept: of levels in `AuditTree.levels`.
    func auditSubtree(level: Int, place: Int) throws -> TreeHash?
    /// How many of a level are kept: those before are, too.
    func countAuditSubtrees(level: Int) throws -> Int

    func newestCheckpoint() throws -> SignedCheckpoint?
    /// The first one that covers so many entries.
    func checkpoint(covering size: Int) throws -> SignedCheckpoint?
    /// In order of size, those above a size; `each` returns false to stop.
    func eachCheckpoint(above size: Int, _ each: (SignedCheckpoint) throws -> Bool) throws
    /// Public keys that checkpoints were signed by, each with since when; the present one last.
    func checkpointKeys() throws -> [(key: String, since: Instant)]
}

/// Within `transaction`, like all changes. None of them is taken back.
package protocol CheckpointChanges: CheckpointReads {
    func addAuditSubtree(_ hash: TreeHash, level: Int, place: Int) throws
    func addCheckpoint(_ checkpoint: SignedCheckpoint) throws
    /// From now on checkpoints are signed by this key; audited.
    func takeCheckpointKey(_ key: String, change: Change) throws
}
