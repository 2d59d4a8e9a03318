import Documents
import Engine
import JSON
import RotaCore
import Stores
import TransparencyLog

extension Command {
    static let auditVerify = Command(
        words: ["audit", "verify"],
        summary: "read the whole audit log again, and find whatever is not as it was written",
        discussion: """
            Finds entries that were changed, dropped, inserted, moved, or cut off at the end: each has to be there,
            in its canonical form, and the tree over them has to be the one that every checkpoint signed.
            Who may write the store's file and has the key could write all of it anew. Against that stands a
            checkpoint that was kept elsewhere: give it with --checkpoint, and the public key with --key. With
            --witnesses those are taken that witnesses of the configuration hold (file, vault).
            With --state the log is done again in a store of its own, and what comes of it is compared with the
            tables: a row that was changed, added or removed by hand is found, and the field is named.
            With --proof and --entry nothing but these files is looked at, and no store is needed.
            """,
        options: [
            Option("checkpoint", "FILE", repeats: true, help: "a checkpoint that was kept elsewhere"),
            Option("witnesses", help: "take the checkpoints that witnesses hold, too, of those that can be asked"),
            Option("key", "KEY", repeats: true, help: "whose signatures count; else those that the log names"),
            Option("state", help: "compare the tables with what the log says, too"),
            Option("proof", "FILE", help: "verify this proof of one entry instead ('rota audit prove'); with --key"),
            Option("entry", "FILE", help: "with --proof: the entry, as 'audit show --json' prints it"),
        ],
        examples: [
            "rota audit verify", "rota audit verify --state", "rota audit verify --witnesses",
            "rota audit verify --checkpoint january.checkpoint --key \"$(cat rota.vkey)\"",
            "rota audit verify --proof 551.tlog-proof --entry 551.json --key \"$(cat rota.vkey)\"",
        ],
        exitCodes: [.done, .failed, .usage, .partlyFailed],
        run: verify)
}

private func verify(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let keys = try arguments.noteKeys()
    guard arguments.has("proof") == arguments.has("entry") else {
        throw Failure.usage("--proof and --entry go together", hint: "rota audit show NUMBER --json > entry.json")
    }
    if let proof = arguments.value("proof"), let entry = arguments.value("entry") {
        return try verifyProof(proof, of: entry, keys, invocation)
    }
    let composition = try Composition(invocation)
    // Whoever can read it knows it better than the store does.
    let own = keys.isEmpty ? try? CheckpointSigner.find(composition.configuration).key : nil
    let named = keys + [own].compactMap(\.self)
    let asked = arguments.has("witnesses") ? try await composition.askedWitnesses(named) : nil
    let given = try arguments.all("checkpoint").map { try givenCheckpoint($0) } + (asked?.held ?? [])
    let store = try composition.openStore()
    defer { store.close() }
    let total = Int(try store.newestEntry())
    let progress = Progress(on: invocation.output)
    let verdict = try store.snapshot {
        try store.verifyAudit(against: given, keys: named.isEmpty ? nil : named) { count in
            progress.show("verifying", done: count, of: total, "entries")
        }
    }
    let state =
        arguments.has("state")
        ? try verifyState(of: store, in: replayFolder(invocation)) { count in
            progress.show("comparing", done: count, of: total, "entries")
        } : nil
    let witnesses = WitnessDocument(composition.configuration.witnesses, try store.witnesses())
    try show(verdict, state, witnesses, asked, Sources(given: given.count, hasKeys: !keys.isEmpty, named), invocation)
    return .done
}

/// What the log was held against.
private struct Sources {
    var given: Int
    /// Whether somebody gave keys, by the command.
    var hasKeys: Bool
    var named: [NoteKey]

    init(given: Int, hasKeys: Bool, _ named: [NoteKey]) {
        (self.given, self.hasKeys, self.named) = (given, hasKeys, named)
    }
}

private func show(
    _ verdict: AuditVerdict, _ state: StateVerdict?, _ witnesses: WitnessDocument, _ asked: AskedWitnesses?,
    _ sources: Sources, _ invocation: Invocation
) throws {
    if invocation.wantsJSON {
        var document: JSON.Object = [
            "entries": .integer(verdict.entries), "signed": .integer(verdict.signed),
            "root": .string(verdict.root.base64),
            "checkpoints": .integer(verdict.kept), "given": .integer(verdict.given),
            "faults": .array(
                verdict.faults.map { fault in
                    [
                        "entry": fault.entry.map { .integer($0) } ?? .null, "message": .string(fault.message),
                    ]
                }),
            "witnesses": witnesses.json, "keys": .array(verdict.trusted.map(\.text).sorted().map { .string($0) }),
            "asked": asked.map { .array($0.answers.map(\.json)) } ?? .null,
        ]
        if let state { document["state"] = state.json }
        invocation.output.document(.object(document))
    }
    guard verdict.faults.isEmpty else { throw failure(verdict, hasKeys: sources.hasKeys) }
    try asked?.requireAll()
    try requireSound(state)
    guard !invocation.wantsJSON else { return }
    let output = invocation.output
    let isAll = verdict.signed == verdict.entries
    output.line(
        "\(counted(verdict.signed, "entry", "entries")), each as it was \(isAll ? "written" : "signed")"
            + (isAll ? "" : "; \(verdict.entries - verdict.signed) after them not signed yet"))
    let agreement = verdict.kept + verdict.given > 0 ? ": all agree" : ""
    output.line("\(counted(verdict.kept, "checkpoint")) of the store, \(verdict.given) from elsewhere\(agreement)")
    if verdict.kept > 0 {
        output.line("signed by \(printable(verdict.trusted.map(\.text).sorted().joined(separator: ", ")))")
    }
    output.line("root: \(verdict.root.base64)")
    if let state { show(state, on: output) }
    for line in witnesses.lines(at: invocation.clock.now()) { output.line("last told to witness \(line)") }
    if verdict.kept > 0, !isAll {
        output.note("of what is not signed yet, nobody can say who wrote it: rota audit checkpoint")
    }
    if verdict.kept == 0 {
        output.warning("nothing was signed yet, so that nothing was compared: rota audit checkpoint")
    } else if sources.named.isEmpty {
        output.warning(
            "by whose key it should be signed nobody said, so that whoever writes to the store could have signed it: "
                + "give the public key that was kept elsewhere (--key)")
    } else if sources.given == 0 || !sources.hasKeys {
        output.note(
            "against somebody who may change the store and has its key, give a checkpoint that was kept elsewhere "
                + "(--checkpoint) and the public key (--key)")
    }
}

private func failure(_ verdict: AuditVerdict, hasKeys: Bool) -> Failure {
    let more = verdict.faultCount - verdict.faults.count
    let details = verdict.faults.map(\.message) + (more > 0 ? ["\(more) more"] : [])
    guard verdict.hasOnlyUnknownSigners else {
        return Failure(
            "the audit log is not as it was written",
            hint: "keep the store's file as it is, and compare it with a backup from before", details: details)
    }
    return Failure(
        "what was kept elsewhere is not signed by a key that is known here",
        hint: hasKeys
            ? "it was changed where it was kept, or signed with another key: 'rota audit key' names earlier ones"
            : "it was changed where it was kept, or the store's keys were: give the public key that you kept (--key)",
        details: details)
}

private func requireSound(_ state: StateVerdict?) throws(Failure) {
    guard let state, !state.faults.isEmpty else { return }
    let more = state.faultCount - state.faults.count
    throw Failure(
        "the tables are not what the audit log says",
        hint: "somebody wrote to the store past rota: keep its file as it is, and compare it with a backup",
        details: state.faults.map { printable($0.message) } + (more > 0 ? ["\(more) more"] : []))
}

private func show(_ state: StateVerdict, on output: Output) {
    output.line("\(counted(state.rows, "row")) of the tables, each as the log says")
    output.line("not in the log, and not compared: \(StateVerdict.unchecked.joined(separator: "; "))")
    if state.untold > 0 {
        output.note(
            "\(counted(state.untold, "value")) could not be compared: an earlier rota wrote the log then, and told less"
        )
    }
    for remark in state.remarks { output.warning(remark) }
}

extension StateVerdict {
    fileprivate var json: JSON {
        [
            "rows": .integer(rows), "untold": .integer(untold), "fault_count": .integer(faultCount),
            "faults": .array(
                faults.map { fault in
                    [
                        "kind": .string(fault.kind), "object": .string(fault.object),
                        "field": fault.field.map { .string($0) } ?? .null, "message": .string(fault.message),
                    ]
                }),
            "unchecked": .array(Self.unchecked.map { .string($0) }), "remarks": .array(remarks.map { .string($0) }),
        ]
    }
}

private func verifyProof(
    _ path: String, of entry: String, _ keys: [NoteKey], _ invocation: Invocation
) throws -> ExitCode {
    guard !keys.isEmpty else {
        throw Failure.usage("--proof needs --key", hint: "the line that 'rota audit key' printed where the log is")
    }
    let text = String(decoding: try File(reading: path).readAll(most: 1 << 20), as: UTF8.self)
    guard let proof = InclusionProof(text), let checkpoint = Checkpoint(proof.note.text) else {
        throw Failure.usage("\(printable(path)) is no proof", hint: "'rota audit prove' makes one")
    }
    let bytes = try File(reading: entry).readAll(most: 16 << 20)
    let read = try JSON.parse(bytes, maximumBytes: bytes.count)
    // As it is shown and exported; or the entry alone.
    let body = String(decoding: (read["entry"] ?? read).canonicalBytes(), as: UTF8.self)
    guard proof.shows(body, by: keys) else {
        throw Failure(
            "the proof does not show this entry",
            hint: "the entry, the proof or the key is not the one that belongs to it")
    }
    let remark = "entry \(proof.index + 1) is in \(checkpoint.origin), among its first \(checkpoint.size) entries"
    if invocation.wantsJSON {
        invocation.output.document([
            "number": .integer(proof.index + 1), "origin": .string(checkpoint.origin),
            "size": .integer(checkpoint.size),
        ])
    } else {
        invocation.output.line(printable(remark))
    }
    return .done
}
