import Crypto
import Engine
import JSON
import RotaCore
import TransparencyLog

extension Command {
    static let auditKey = Command(
        words: ["audit", "key"],
        summary: "show by which key the audit log is signed, or make another one",
        discussion: """
            The line that it prints is public: give it to your auditor, by another way than the log itself. With it he
            verifies every checkpoint and proof, offline, also with other tools (C2SP signed notes).
            With --new a new key takes the place of the old one in the file that 'audit.key' of the configuration
            names, and both sign that. What was signed by old ones stays good: the log names them all, each from its
            entry 'audit.key' on. A key that came into its place by other means signs nothing before --take says that
            it is yours: else whoever writes to the store could bring one of his own.
            """,
        options: [
            Option("new", help: "make a new key; the old one signs nothing any more"),
            Option("take", help: "the key of the configuration signs from now on, whoever signed before"),
        ],
        examples: ["rota audit key", "rota audit key --new"],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: showAuditKey)

    static let auditCheckpoint = Command(
        words: ["audit", "checkpoint"],
        summary: "sign what the audit log is now, and print that",
        discussion: """
            A checkpoint is a few lines (C2SP tlog-checkpoint): how many entries there are, and the root of the tree
            over them (RFC 6962). Keep it where nobody who operates Rota can change it: whoever has an earlier
            checkpoint sees whether the log has only gone on since ('rota audit verify --checkpoint').
            'rota run' and 'rota serve' make them by themselves.
            """,
        options: [Option("output", "FILE", help: "write it here; else to standard output")],
        examples: [
            "rota audit checkpoint --output audit.checkpoint",
            "rota audit checkpoint | mail -s rota auditor@example.com",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: makeCheckpoint)
}

private func showAuditKey(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    var made: String?
    let (isNew, isTaken) = (invocation.arguments.has("new"), invocation.arguments.has("take"))
    guard !isNew || !isTaken else { throw Failure.usage("--new and --take exclude each other") }
    // One that is lost, or cannot be read any more, signs nothing; the new one says so alone.
    let former = isNew ? try? CheckpointSigner.find(composition.configuration) : nil
    if isNew {
        let signer = try CheckpointSigner.make(for: try store.identity(), invocation.random)
        made = try CheckpointSigner.write(
            signer, composition.configuration, suffix: Hex.encode(invocation.random.bytes(4)), replacing: true)
    }
    let signer = try CheckpointSigner.find(composition.configuration)
    if isNew || isTaken {
        // At once, so that the log says from where on it holds.
        let change = composition.change(isNew ? "audit key --new" : "audit key --take")
        _ = try store.transaction {
            try issueCheckpoint(in: store, by: signer, succession: .from(former), change: change)
        }
    }
    let earlier = try store.checkpointKeys().filter { $0.key != signer.key.text }
    guard !invocation.wantsJSON else {
        invocation.output.document([
            "key": .string(signer.key.text),
            "earlier": .array(earlier.map { ["key": .string($0.key), "since": .string($0.since.description)] }),
        ])
        return .done
    }
    if let made { invocation.output.note("a new key is in \(printable(made))") }
    for (key, since) in earlier { invocation.output.note("earlier, since \(since): \(printable(key))") }
    invocation.output.line(signer.key.text)
    return .done
}

private func makeCheckpoint(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let signer = try CheckpointSigner.find(composition.configuration)
    let store = try composition.openStore()
    defer { store.close() }
    let checkpoint = try store.transaction {
        try issueCheckpoint(in: store, by: signer, change: composition.change("audit checkpoint"))
    }
    if invocation.wantsJSON {
        invocation.output.document([
            "size": .integer(checkpoint.size), "root": .string(checkpoint.root.base64),
            "at": .string(checkpoint.at.description), "note": .string(checkpoint.note), "key": .string(signer.key.text),
        ])
    } else {
        try invocation.deliver(checkpoint.note)
    }
    return .done
}

extension Invocation {
    /// Text that `--output` may put into a file.
    func deliver(_ text: String) throws(Failure) {
        guard let path = arguments.value("output"), path != "-" else { return output.text(text) }
        let file = try NewFile(at: path, suffix: Hex.encode(random.bytes(4)))
        try file.write(Array(text.utf8))
        try file.place()
        output.note("\(printable(path)) is written")
    }
}
