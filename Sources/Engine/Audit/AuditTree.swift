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
            guard first <= size >> level else {
                throw StoreError.failed(
                    "the audit log keeps the hash of entries that it does not have: it was changed from outside")
            }
            for place in first..<max(first, size >> level) {
                try store.addAuditSubtree(try tree.hash(level: level, place: place), level: level, place: place)
            }
        }
    }
}

/// How another key comes to sign than the one that did so far: because a person says so, and in what the former one
/// has signed as well, where that is still there.
package enum KeySuccession {
    case none
    case from(NoteSigner?)
}

/// Signs what the audit log is now.
///
/// Within `transaction`.
///
/// - returns: the newest checkpoint, which may be an older one where nothing has happened since.
/// - throws: `StoreError` where the log does not go on from what was signed before, or another key signed that:
///   nothing is signed then.
package func issueCheckpoint(
    in store: any CheckpointChanges, by signer: NoteSigner, succession: KeySuccession = .none, change: Change
) throws -> SignedCheckpoint {
    let last = try store.newestCheckpoint()
    var signers = [signer]
    if try store.checkpointKeys().last?.key != signer.key.text || !isSigned(last, by: signer.key) {
        switch succession {
        case .none: try requireFirst(last, in: store)
        case .from(let former?) where former.key != signer.key: signers.insert(former, at: 0)
        case .from: break
        }
        try store.takeCheckpointKey(signer.key.text, change: change)
    }
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
        signing: Checkpoint(origin: signer.key.name, size: size, root: root).text, by: signers)
    let checkpoint = SignedCheckpoint(size: size, root: root, at: change.at, note: note.serialized)
    try store.addCheckpoint(checkpoint)
    return checkpoint
}

/// Where there is none, nobody has signed it.
private func isSigned(_ checkpoint: SignedCheckpoint?, by key: NoteKey) -> Bool {
    checkpoint.map { SignedNote($0.note)?.isSigned(by: key) ?? false } ?? false
}

/// A key that nobody has announced is taken where nothing was signed before. Else whoever may write to the store could
/// write the log anew, sign it with a key of his own, and have it signed on by ours.
private func requireFirst(_ last: SignedCheckpoint?, in store: any CheckpointChanges) throws {
    let known = try store.checkpointKeys()
    guard last != nil || !known.isEmpty else { return }
    throw StoreError.refused(
        last == nil
            ? "the audit log was signed before, and no checkpoint of it is left: it is not signed again"
            : "the audit log was signed last by another key than that of the configuration, and nobody announced one",
        hint: "if you changed the key: rota audit key --take; else look who signed: rota audit verify")
}
