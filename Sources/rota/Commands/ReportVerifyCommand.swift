import Crypto
import Documents
import Engine
import JSON
import RotaCore
import TransparencyLog

extension Command {
    static let reportVerify = Command(
        words: ["report", "verify"],
        summary: "find out whether a report is the one that was signed",
        discussion: """
            A report that is written into a file is signed by the key of the audit log, in a file beside it that ends
            in .sig. With --key nothing but these files is looked at: no store and no configuration is needed. The
            signature tells what the audit log was, too: 'rota audit verify --checkpoint FILE.sig' holds the log of
            today against it.
            """,
        operand: Operand(name: "FILE", help: "the report, as it was written"),
        options: [
            Option("signature", "FILE", help: "the signature; else what is beside the report and ends in .sig"),
            Option("key", "KEY", repeats: true, help: "whose signature counts; else those that the audit log names"),
        ],
        examples: [
            "rota report verify report.html --key \"$(cat rota.vkey)\"", "rota report verify report.csv --json",
        ],
        exitCodes: [.done, .failed, .usage],
        run: verifyReport)
}

private func verifyReport(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let path = arguments.operands[0]
    let keys = try trustedKeys(invocation)
    let beside = arguments.value("signature") ?? path + ReportSeal.ending
    guard kindOfFile(at: beside) != nil else {
        throw Failure.usage(
            "\(printable(path)) has no signature: \(printable(beside)) is not there",
            hint: path.hasSuffix(".zip")
                ? "unpack it: within it SHA256SUMS, or the report, has a signature beside it"
                : "a report is signed when it is written by --output, where the configuration has an audit key")
    }
    let text = String(decoding: try File(reading: beside).readAll(most: 1 << 20), as: UTF8.self)
    guard let note = SignedNote(text), let statement = ReportStatement(note.text) else {
        throw Failure.usage(
            "\(printable(beside)) is no signature of a report",
            hint: "it is the file that 'rota report' wrote beside it")
    }
    guard let key = keys.first(where: { note.isSigned(by: $0) }) else {
        throw Failure(
            "\(printable(beside)) is not signed by \(keys.count == 1 ? "the key" : "any of the keys")",
            hint: "ask for the public key by another way than the report: 'rota audit key' prints it")
    }
    let (digest, count) = try digestOfFile(at: path)
    guard digest == statement.digest, count == statement.bytes else {
        throw Failure(
            "\(printable(path)) is not the report that was signed at \(statement.madeAt)",
            hint: "it was changed since, or the signature is another report's",
            details: [
                "signed: sha256 \(Hex.encode(statement.digest)), \(counted(statement.bytes, "byte"))",
                "read:   sha256 \(Hex.encode(digest)), \(counted(count, "byte"))",
            ])
    }
    show(statement, by: key, path, invocation)
    return .done
}

private func show(_ statement: ReportStatement, by key: NoteKey, _ path: String, _ invocation: Invocation) {
    let output = invocation.output
    guard !invocation.wantsJSON else {
        output.document([
            "valid": true, "key": .string(key.text), "sha256": .string(Hex.encode(statement.digest)),
            "bytes": .integer(statement.bytes), "format": .string(statement.format),
            "made_at": .string(statement.madeAt),
            "log": [
                "origin": .string(statement.log.origin), "entries": .integer(statement.log.size),
                "root": .string(statement.log.root.base64),
            ],
        ])
        return
    }
    output.line("\(printable(path)) is as it was signed by \(key.name)")
    output.line("made:   \(printable(statement.madeAt)), as \(printable(statement.format))")
    output.line("sha256: \(Hex.encode(statement.digest))")
    output.line(
        "log:    \(counted(statement.log.size, "entry", "entries")), root \(statement.log.root.base64)")
}

/// Those that were given; else those of the store's own log.
private func trustedKeys(_ invocation: Invocation) throws -> [NoteKey] {
    let given = try invocation.arguments.noteKeys()
    guard given.isEmpty else { return given }
    let (composition, store): (Composition, any Store)
    do {
        let found = try Composition(invocation)
        (composition, store) = (found, try found.openStore())
    } catch {
        throw Failure(
            "whose signature counts is not known: there is no store here",
            hint: "give the public key: --key NAME+ID+KEY, which 'rota audit key' prints where the log is",
            code: .usage, details: [Failure(error).message])
    }
    defer { store.close() }
    // Its own, and those that the log vouches for in what that one signed; without one, all that the store knows.
    let own = try? CheckpointSigner.find(composition.configuration).key
    guard let own else {
        invocation.output.warning("by whose key it should be signed nobody said: give the one that was kept (--key)")
        return try store.checkpointKeys().compactMap { NoteKey($0.key) }
    }
    return Array(try store.snapshot { try store.verifyAudit(keys: [own]) }.trusted)
}

extension Arguments {
    /// Public keys, as `rota audit key` prints them.
    func noteKeys() throws(Failure) -> [NoteKey] {
        try all("key").map { text throws(Failure) in
            guard let key = NoteKey(text) else {
                throw .usage(
                    "--key: '\(abridged(text))' is no public key", hint: "'rota audit key' prints it: NAME+ID+KEY")
            }
            return key
        }
    }
}
