import Engine
import JSON
import RotaCore
import TransparencyLog

extension Command {
    static let auditProve = Command(
        words: ["audit", "prove"],
        summary: "prove that an entry is in the audit log, or that the log has only gone on",
        discussion: """
            For an entry: a file that is verified offline by 'rota audit verify --proof', and by other tools (C2SP
            tlog-proof): with the entry and the key (rota audit key) it shows that the entry is in the log that
            the checkpoint at its end has signed.
            With --since, a file with an earlier checkpoint: what shows that the log of today begins with the
            entries of then (as it is told to a witness, C2SP tlog-witness).
            """,
        operand: Operand(name: "NUMBER", help: "of an audit entry; not with --since", count: .optional),
        options: [
            Option("since", "FILE", help: "an earlier checkpoint"),
            Option("output", "FILE", help: "write it here; else to standard output"),
        ],
        examples: [
            "rota audit prove 551 --output 551.tlog-proof", "rota audit prove --since january.checkpoint",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: prove)
}

private func prove(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    guard arguments.operands.isEmpty == arguments.has("since") else {
        throw Failure.usage("give the number of an entry, or --since FILE", hint: "'rota audit tail' shows entries")
    }
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    if let file = arguments.value("since") {
        let earlier = try givenCheckpoint(file).checkpoint
        let newest = try signedLog(store, covering: earlier.size, composition)
        let tree = AuditTree(store)
        guard earlier.size > 0, earlier.size <= newest.size, try tree.root(size: earlier.size) == earlier.root else {
            throw Failure(
                "the log does not go on from \(printable(file)): its first \(earlier.size) entries are others",
                hint: "rota audit verify --checkpoint \(file) tells more")
        }
        let proof = ConsistencyProof(
            oldSize: earlier.size, hashes: try tree.consistencyProof(from: earlier.size, size: newest.size),
            note: try read(newest))
        let (old, new) = ((earlier.size, earlier.root), (newest.size, newest.root))
        guard MerkleTree.extends(old, to: new, proof: proof.hashes) else { throw unprovable() }
        try invocation.deliver(proof.serialized)
        return .done
    }
    let number = try arguments.entryNumber()
    let entry = try store.requireAuditEntry(number)
    let signed = try signedLog(store, covering: Int(number), composition)
    let proof = InclusionProof(
        index: Int(number) - 1, hashes: try AuditTree(store).inclusionProof(of: number, size: signed.size),
        note: try read(signed))
    let leaf = TreeHash.leaf(entry.body)
    guard
        MerkleTree.includes(leaf, at: proof.index, size: signed.size, root: signed.root, proof: proof.hashes)
    else { throw unprovable() }
    try invocation.deliver(proof.serialized)
    return .done
}

/// What cannot be verified is not given away.
private func unprovable() -> Failure {
    Failure("the log is not what was signed, so that it proves nothing", hint: "rota audit verify tells what is wrong")
}

/// The newest checkpoint, where it covers so many entries; else one that is signed now.
private func signedLog(
    _ store: any Store, covering size: Int, _ composition: Composition
) throws -> SignedCheckpoint {
    if let newest = try store.newestCheckpoint(), newest.size >= size { return newest }
    let signer = try CheckpointSigner.find(composition.configuration)
    return try store.transaction {
        try issueCheckpoint(in: store, by: signer, change: composition.change("audit prove"))
    }
}

private func read(_ checkpoint: SignedCheckpoint) throws(Failure) -> SignedNote {
    guard let note = SignedNote(checkpoint.note) else {
        throw Failure(
            "the checkpoint of \(checkpoint.size) entries is no signed note", hint: "rota audit verify tells more")
    }
    return note
}

/// A checkpoint that somebody has kept.
func givenCheckpoint(_ path: String) throws(Failure) -> GivenCheckpoint {
    let text = String(decoding: try File(reading: path).readAll(most: 1 << 20), as: UTF8.self)
    guard let given = GivenCheckpoint(text, source: path) else {
        throw .usage(
            "\(printable(path)) is no signed checkpoint",
            hint: "'rota audit checkpoint' makes one; of a report, give what is beside it: FILE\(ReportSeal.ending)")
    }
    return given
}
