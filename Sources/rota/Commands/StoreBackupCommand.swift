import Crypto
import Engine
import JSON
import RotaCore
import Stores

extension Command {
    static let storeBackup = Command(
        words: ["store", "backup"],
        summary: "copy the store into a new file, while everything goes on",
        discussion: """
            The copy is the store as it was at one instant. Nobody waits for it, neither 'rota serve' nor a run; what is
            written meanwhile stays in rota.db-wal until it is made. It is read through before it gets its name, so
            that FILE is a whole store or not there; mode 0600. What is there already is never written over.
            Values of tokens are in no store, so that they are in no copy. The store itself is not changed by this.

            It says which files have to be kept beside it: keys, the configuration, policies. Where the copy is put in
            the place of the store, Rota notices, verifies and does nothing else, until 'rota store reconcile' has
            compared it with the vaults.
            """,
        operand: Operand(name: "FILE", help: "a file that is not there yet"),
        examples: ["rota store backup /backup/rota-2027-01-31.db", "rota store backup /backup/rota.db --json"],
        run: backUpStore)
}

private func backUpStore(_ invocation: Invocation) throws -> ExitCode {
    let path = invocation.arguments.operands[0]
    let configuration = try Composition(invocation).configuration
    guard kindOfFile(at: path) == nil else { throw isTaken(path) }
    let copier = try openCopier(at: configuration.store)
    let file = try NewFile(at: path, suffix: Hex.encode(invocation.random.bytes(4)))
    let progress = Progress(on: invocation.output)
    let copy = try copier.copy(into: file.beside) { step in
        switch step {
        case .copying(let done, let total): progress.show("copying", done: done, of: total, "pages")
        case .checking: invocation.output.progress("checking the copy")
        }
    }
    // Somebody else may have been there meanwhile.
    guard kindOfFile(at: path) == nil else { throw isTaken(path) }
    try file.place(replacing: false)
    show(copy, at: path, configuration, on: invocation)
    return .done
}

private func isTaken(_ path: String) -> Failure {
    .usage("\(printable(path)) is there already, and was not touched", hint: "give the name of a new file")
}

private func show(_ copy: StoreCopy, at path: String, _ configuration: Configuration, on invocation: Invocation) {
    let (files, elsewhere) = (configuration.namedFiles.filter { !$0.isLent }, configuration.secretsElsewhere)
    let output = invocation.output
    guard !invocation.wantsJSON else {
        output.document([
            "file": .string(path), "bytes": .integer(copy.bytes), "instance": .string(copy.instance),
            "generation": .integer(copy.generation), "audit_entry": .integer(copy.newestEntry),
            "schema": .integer(copy.schema),
            "keep": .array(
                files.map { ["what": .string($0.what), "path": .string($0.path), "secret": .bool($0.isSecret)] }),
            "keep_elsewhere": .array(elsewhere.map { .string($0) }),
        ])
        return
    }
    output.line(
        printable("\(path): \(copy.bytes) bytes, read through; instance \(copy.instance), generation ")
            + "\(copy.generation), to audit entry \(copy.newestEntry)")
    var table = Table(["what", "file", "secret"], on: output, title: "Keep these, too; the copy has none of them")
    for file in files { table.add([file.what, file.path, file.isSecret ? "yes" : "no"]) }
    table.finish()
    if !elsewhere.isEmpty { output.line(printable("and what is behind \(elsewhere.joined(separator: ", "))")) }
    output.remark(
        "\nput in the store's place it is in safe mode until 'rota store reconcile'; see Restore in Docs/Operations.md")
}
