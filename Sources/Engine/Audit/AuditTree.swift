package import TransparencyLog

/// The audit log as a Merkle tree, by its entries and the hashes that are kept of complete subtrees: a few hundred
/// entries are read for a root or a proof, however many there are.
package struct AuditTree {
    /// Of which levels hashes are kept: over 256 and over 65,536 entries.
    package static let levels = [8, 16]

    private let store: any CheckpointReads

    package init(_ store: any CheckpointReads) { self.store = store }

    /// - throws: `StoreError` where an entry is missing.
    package func root(size: Int) throws -> TreeHash { try tree.root(size: size) }

    package func inclusionProof(of number: Int64, size: Int) throws -> [TreeHash] {
        try tree.inclusionProof(of: Int(number) - 1, size: size)
    }

    package func consistencyProof(from old: Int, size: Int) throws -> [TreeHash] {
        try tree.consistencyProof(from: old, size: size)
    }

    private var tree: MerkleTree { MerkleTree { try hash(level: $0, place: $1) } }

    private func hash(level: Int, place: Int) throws -> TreeHash {
        if Self.levels.contains(level), let kept = try store.auditSubtree(level: level, place: place) { return kept }
        guard level > 0 else { return .leaf(try entry(Int64(place) + 1).body) }
        return .node(try hash(level: level - 1, place: place * 2), try hash(level: level - 1, place: place * 2 + 1))
    }

    private func entry(_ number: Int64) throws -> AuditEntry {
        guard let entry = try store.auditEntry(number) else {
            throw StoreError.failed("the audit log has no entry \(number): it was changed from outside")
        }
        return entry
    }

    /// Keeps the hashes of all subtrees that are complete with so many entries.
    static func extend(_ store: any CheckpointChanges, to size: Int) throws {
        let tree = AuditTree(store)
        for level in levels {
            let first = try store.countAuditSubtrees(level: level)
            for place in first..<max(first, size >> level) {
                try store.addAuditSubtree(try tree.hash(level: level, place: place), level: level, place: place)
            }
        }
    }
}

/// Signs what the audit log is now.
///
/// Within `transaction`.
///
/// - returns: the newest checkpoint, which may be an older one where nothing has happened since.
/// - throws: `StoreError` where the log does not go on from what was signed before: nothing is signed then.
package func issueCheckpoint(
    in store: any CheckpointChanges, by signer: NoteSigner, change: Change
) throws -> SignedCheckpoint {
    let last = try store.newestCheckpoint()
    let isNewKey = try store.checkpointKeys().last?.key != signer.key.text
    if isNewKey { try store.takeCheckpointKey(signer.key.text, change: change) }
    let size = Int(try store.newestEntry())
    if let last, last.size == size { return last }
    if let last {
        guard last.size < size, try AuditTree(store).root(size: last.size) == last.root else {
            throw StoreError.failed(
                "the audit log is not what was signed at \(last.at): its first \(last.size) entries were changed")
        }
    }
    try AuditTree.extend(store, to: size)
    let root = try AuditTree(store).root(size: size)
    let note = SignedNote(
        signing: Checkpoint(origin: signer.key.name, size: size, root: root).text, by: signer)
    let checkpoint = SignedCheckpoint(size: size, root: root, at: change.at, note: note.serialized)
    try store.addCheckpoint(checkpoint)
    return checkpoint
}
