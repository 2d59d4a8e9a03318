import Crypto
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let exportInventory = Command(
        words: ["export"],
        summary: "write the inventory out, as 'rota import' reads it",
        discussion: """
            A row for every token, in the columns of an import: imported again, here it changes nothing, and another
            store gets the same tokens. It holds no values. With --digests the other store knows values again, too:
            whoever has such a file can tell whether a value that he guesses is one of them, so keep it as you keep the
            store.

            Texts are written as they are. To look at them in a spreadsheet take 'rota report --format csv', in which
            nothing is a formula. What happened stays here: versions, rotations and the audit log ('rota audit export').
            """,
        options: [
            Option("format", "FORMAT", help: "csv or json; by the name of the file, else csv"),
            Option("output", "FILE", help: "write it here; else to standard output"),
            Option("digests", help: "with the SHA-256 of each present value"),
        ] + TokenFilter.options,
        examples: [
            "rota export --output tokens.csv", "rota export --format json --owner 'team-*' | jq length",
            "rota export --digests --state active --output move.json",
        ],
        run: export)
}

private enum ExportFormat: String, CaseIterable {
    case csv, json
}

private func export(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let filter = try TokenFilter(arguments)
    let path = arguments.value("output").flatMap { $0 == "-" ? nil : $0 }
    let named: ExportFormat? = path.flatMap { $0.hasSuffix(".json") ? .json : nil }
    let format = try invocation.wantsJSON ? .json : arguments.choice("format", of: ExportFormat.self) ?? named ?? .csv
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let file = try path.map { try NewFile(at: $0, suffix: Hex.encode(invocation.random.bytes(4))) }
    var (pending, count, unwritten): ([UInt8], Int, Int) = ([], 0, 0)
    func flush() throws {
        if let file { try file.write(pending) } else { invocation.output.bytes(pending) }
        pending.removeAll(keepingCapacity: true)
    }
    pending += (format == .csv ? ExportedRow.header : "[").utf8
    let withDigests = arguments.has("digests")
    try store.snapshot {
        try store.eachToken(states: filter.states) { token in
            guard filter.admits(token) else { return true }
            let row = ExportedRow(
                token, at: token.destinationCount > 0 ? try store.destinations(of: token.id) : [],
                digest: withDigests ? try store.presentDigest(of: token) : nil)
            switch format {
            case .csv: pending += row.csv.utf8
            case .json: pending += ((count == 0 ? "\n" : ",\n") + row.json.serialized()).utf8
            }
            count += 1
            unwritten += row.unwritten.count
            if pending.count > 64 << 10 { try flush() }
            return file != nil || invocation.output.isRead
        }
    }
    if format == .json { pending += "\n]\n".utf8 }
    try flush()
    if unwritten > 0 {
        invocation.output.warning(
            "\(counted(unwritten, "destination")) with a blank or ';' in the path cannot be written, and were left out")
    }
    guard let file, let path else { return .done }
    try file.place()
    invocation.output.note("\(printable(path)) is written; \(counted(count, "token"))")
    return .done
}

extension Store {
    /// Nil where it is not known, as of a token that was imported without.
    fileprivate func presentDigest(of token: Token) throws -> Digest? {
        try versions(of: token.id).last { $0.state == .current }?.digest
    }
}
