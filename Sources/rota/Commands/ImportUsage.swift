import Documents
import Engine
import JSON
import RotaCore

/// `rota import --usage FILE`: a log of uses, of teams whose gateways write one.
enum ImportUsage {
    static let options = [
        Command.Option("usage", help: "it is a log of uses: token or digest, time; source, agent, count, scopes"),
        Command.Option("strict", help: "with --usage: a row of an unknown token is a fault"),
    ]

    static let discussion = """
        With --usage FILE is a log of uses: CSV, or JSON with one object a line. Columns: token (a name or an
        id) or digest (sha256:<hex> of the value), time, and if you like source, agent, count (1) and scopes.
        Rows of unknown tokens are counted and told. A file that was taken in before changes nothing. Idle
        clocks run over the time of a log only if it is --complete.
        """

    static func run(_ invocation: Invocation) throws -> ExitCode {
        let arguments = invocation.arguments
        let composition = try Composition(invocation)
        let file = try InventoryFile(arguments.operands[0], invocation.surroundings?.upload)
        let request = UsageImportRequest(
            file: file.name, format: try format(of: file.path), columns: try columns(arguments),
            ignoresUnknown: arguments.has("ignore-columns"), strict: arguments.has("strict"),
            complete: arguments.has("complete"), dryRun: arguments.has("dry-run"))
        let store = try composition.openStore()
        defer { store.close() }
        let progress = Progress(on: invocation.output)
        do {
            let summary = try importUsage(
                request, from: file.chunks, into: store, change: composition.change("import of \(file.name)")
            ) { step, rows in progress.show(step.rawValue, done: rows, "rows", fraction: file.fractionRead) }
            show(summary, dryRun: request.dryRun, invocation)
            if summary.importedBefore != nil, request.complete {
                invocation.output.warning(
                    "--complete has no effect on a file that was taken in before: say it the first time")
            }
            return .done
        } catch let faults as InventoryFaults {
            throw failure(faults, path: file.path)
        }
    }

    /// Without `--usage` it means nothing.
    static func requireNone(of arguments: Arguments) throws(Failure) {
        if arguments.has("strict") {
            throw .usage("--strict is about a log of uses", hint: "add --usage, or leave it out")
        }
    }

    private static func format(of path: String) throws(Failure) -> UsageImportRequest.Format {
        if path.hasSuffix(".csv") { return .csv }
        if [".jsonl", ".ndjson", ".json"].contains(where: path.hasSuffix) { return .jsonLines }
        throw .usage(
            "\(path) ends neither in .csv nor in .jsonl", hint: "name the file after what is in it")
    }

    private static func columns(_ arguments: Arguments) throws(Failure) -> [String: UsageColumn?] {
        for option in ["issuer", "format"] where arguments.value(option) != nil {
            throw .usage("--\(option) says nothing about a log of uses", hint: "leave it out")
        }
        if arguments.has("partial") {
            throw .usage("--partial says nothing about a log of uses", hint: "leave it out")
        }
        var columns: [String: UsageColumn?] = [:]
        for theirs in arguments.all("ignore") { columns[theirs] = .some(nil) }
        for (theirs, ours) in try arguments.pairs("map") {
            if ours.isEmpty {
                columns[theirs] = .some(nil)
            } else if let column = UsageColumn(rawValue: ours) {
                columns[theirs] = column
            } else {
                let words = UsageColumn.allCases.map(\.rawValue)
                throw .usage(
                    "--map: there is no column '\(printable(ours))'",
                    hint: nearest(to: ours, among: words).map { "did you mean '\($0)'?" }
                        ?? "columns: \(words.joined(separator: ", "))")
            }
        }
        return columns
    }

    private static func show(_ summary: UsageImportSummary, dryRun: Bool, _ invocation: Invocation) {
        if invocation.wantsJSON { return invocation.output.document(json(summary, dryRun: dryRun)) }
        if let before = summary.importedBefore {
            invocation.output.line("this file was taken in on \(before); nothing was changed")
            return
        }
        let uses = counted(summary.uses, "use")
        let refused = summary.refused > 0 ? ", \(summary.refused) of values that had ended" : ""
        invocation.output.line(
            "\(dryRun ? "would take in " : "")\(counted(summary.rows, "row")): \(uses)\(refused), "
                + "from \(summary.first) to \(summary.last)")
        guard summary.unknownRows > 0 else { return }
        let names = summary.unknown.texts.joined(separator: ", ") + (summary.unknown.more ? ", …" : "")
        invocation.output.warning(
            printable("\(counted(summary.unknownRows, "row")) of tokens that are not in the store: \(names)"))
    }

    private static func json(_ summary: UsageImportSummary, dryRun: Bool) -> JSON {
        [
            "usage_import": [
                "file": .string(summary.file), "digest": .string(summary.digest), "dry_run": .bool(dryRun),
                "rows": .integer(summary.rows), "uses": .integer(summary.uses),
                "refused": .integer(summary.refused), "unknown_rows": .integer(summary.unknownRows),
                "unknown": .array(summary.unknown.texts.map { .string($0) }),
                "first": TokenDocument.time(summary.first), "last": TokenDocument.time(summary.last),
                "complete": .bool(summary.complete),
                "imported_before": TokenDocument.time(summary.importedBefore),
            ]
        ]
    }
}
