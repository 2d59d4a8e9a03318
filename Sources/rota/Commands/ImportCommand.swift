import API
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let importInventory = Command(
        words: ["import"],
        summary: "take an inventory of tokens into the store: all of it or nothing",
        discussion: """
            Every row is checked first and every fault told with its line. A token that is known by name (or
            by issuer and external id) gets its metadata updated; its values, dates and state are never reset,
            so a second import of the same file changes nothing.

            Columns: \(InventoryColumn.titles.joined(separator: ", ")).
            Scopes and destinations are separated by blanks or ';', labels are k=v;k=v, a destination is
            vault:path#field, and vault:path for a vault of the kind 'directory', which has no fields.
            last_used_at is a time, 'never', or empty for unknown. digest is sha256:<hex> of the present
            value, or empty.

            Lists of other systems are taken as these write them: the credential report of AWS IAM, the token
            lists of GitLab's API, and GitHub's lists of fine-grained tokens and of authorised credentials. Such a
            list also tells what became of its tokens: their last use and their end. Lists of two instances or
            organisations need two issuers: --issuer external:<kind>.

            Tokens that are not in such a list any more are told as vanished, and nothing is done to them: those of
            the same issuer and of the same account (AWS), kind (GitHub), project or group (GitLab). They are missing
            until a list has them again: 'rota token list --missing'. With --partial none is told. A file with our
            columns is taken to name only some tokens, unless --complete is said.

            \(ImportUsage.discussion)
            """,
        operand: Operand(name: "FILE", help: "a file; what is in it is known by --format, or by .csv and .json"),
        options: [
            Option(
                "format", "FORMAT",
                help: InventoryFormat.allCases.map(\.rawValue).joined(separator: ", ") + "; else by the file"),
            Option("issuer", "ISSUER", help: "for rows without one: rota, or external:<kind>; never guessed"),
            Option("map", "THEIRS=OURS", repeats: true, help: "their column is ours; THEIRS= leaves it out"),
            Option("ignore", "COLUMN", repeats: true, help: "leave a column of theirs out"),
            Option("ignore-columns", help: "leave out every column that is neither ours nor mapped"),
            Option(
                "complete",
                help: "the file names every token of its issuers: tell which are not there any more; or every use"),
            Option("partial", help: "the list names only some tokens: tell none as vanished"),
            Option("dry-run", help: "check, show what would change, and change nothing"),
            Option(
                "written-at", "TIME", help: "when the list was made: it knows uses until then; else the file's time"),
        ] + ImportUsage.options,
        examples: [
            "rota import tokens.csv --issuer rota --dry-run",
            "rota import status_reports_2026-11-24.csv",
            "rota import tokens.json --format gitlab --issuer external:gitlab-internal",
            "rota import keys.csv --issuer external:crm --map user=name --ignore-columns",
            "rota import --usage gateway.jsonl --complete",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: takeInventory)
}

private func takeInventory(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    if arguments.has("usage") { return try ImportUsage.run(invocation) }
    try ImportUsage.requireNone(of: arguments)
    let path = arguments.operands[0]
    let composition = try Composition(invocation)
    let file = try InventoryFile(path, invocation.surroundings?.upload)
    let format = try format(arguments, file)
    let request = ImportRequest(
        file: file.name, format: format, issuer: try issuer(arguments, format),
        columns: try mapping(arguments, format), vaults: composition.configuration.knownVaults,
        defaultPrefix: composition.configuration.tokenPrefix, dryRun: arguments.has("dry-run"),
        isComplete: arguments.has("complete"), isPartial: try isPartial(arguments, format),
        // A script that asks what would change is told all of it.
        mostTold: arguments.has("dry-run") && invocation.wantsJSON ? .max : ImportSummary.mostTold,
        mostVanishedTold: invocation.wantsJSON ? .max : nil, writtenAt: try writtenAt(invocation, file))
    let store = try composition.openStore()
    defer { store.close() }
    let progress = Progress(on: invocation.output)
    do {
        let summary = try importInventory(
            request, from: file.chunks, into: store, change: composition.change("import of \(file.name)"),
            random: invocation.random
        ) { step, rows in progress.show(step.rawValue, done: rows, "rows", fraction: file.fractionRead) }
        ImportDocument(summary: summary, isDryRun: request.dryRun, isPartial: request.isPartial).show(invocation)
        return .done
    } catch let faults as InventoryFaults {
        throw failure(faults, path: path)
    }
}

/// When a list was made. What was sent has the time at which it came, which says nothing of what is in it.
private func writtenAt(_ invocation: Invocation, _ file: InventoryFile) throws(Failure) -> Instant? {
    let now = invocation.clock.now()
    if let given = try invocation.arguments.instant("written-at") {
        guard given <= now else {
            throw .usage("--written-at: \(given) is still to come", hint: "say when it was made")
        }
        return given
    }
    return invocation.surroundings == nil ? file.modifiedAt : nil
}

/// The file to be imported, which is read more than once.
final class InventoryFile {
    let path: String
    let name: String
    let modifiedAt: Instant
    /// What its first bytes are: some formats are known by them.
    let beginning: [UInt8]
    private let size: Int
    private let upload: CommandRequest.Upload?
    private var read = 0

    /// - parameter upload: what somebody has sent, which is called so; nil: the file at the path.
    init(_ path: String, _ upload: CommandRequest.Upload? = nil) throws(Failure) {
        self.upload = upload
        let file = try File(reading: upload?.path ?? path)
        guard file.isRegular else {
            throw .usage("\(path) is no regular file", hint: "an import reads more than once: save it as a file")
        }
        self.path = path
        name = String(path.split(separator: "/").last ?? "inventory")
        modifiedAt = file.modifiedAt
        size = file.size
        beginning = try file.readChunk(most: 4 << 10)
    }

    /// Opens it anew; what it gives reads on.
    func chunks() throws -> () throws -> [UInt8] {
        let file = try File(reading: upload?.path ?? path)
        read = 0
        return {
            let chunk = try file.readChunk(most: 256 << 10)
            self.read += chunk.count
            return chunk
        }
    }

    /// How much of it was read since it was opened last; nil for an empty file.
    var fractionRead: Double? { size > 0 ? Double(read) / Double(size) : nil }
}

/// What `--format` says, else what the file can only be, else what its name says; and what the file begins with must
/// not be something else: every line would be wrong.
private func format(_ arguments: Arguments, _ file: InventoryFile) throws(Failure) -> InventoryFormat {
    let format = try chosenFormat(arguments, file)
    guard let (looksLike, formats) = format.contradiction(in: file.beginning) else { return format }
    let how = arguments.has("format") ? "as --format says" : "as its name says"
    throw .usage(
        "\(file.path) looks like \(looksLike), and not like \(format.rawValue), \(how); nothing was imported",
        hint: "say what is in it: --format \(formats.map(\.rawValue).joined(separator: " | "))")
}

private func chosenFormat(_ arguments: Arguments, _ file: InventoryFile) throws(Failure) -> InventoryFormat {
    if let format = try arguments.choice("format", of: InventoryFormat.self) { return format }
    if let format = InventoryFormat.detected(in: file.beginning) { return format }
    if file.path.hasSuffix(".csv") { return .csv }
    if file.path.hasSuffix(".json") { return .json }
    throw .usage(
        "\(file.path) ends neither in .csv nor in .json",
        hint: "say what is in it: --format \(InventoryFormat.allCases.map(\.rawValue).joined(separator: " | "))")
}

private func isPartial(_ arguments: Arguments, _ format: InventoryFormat) throws(Failure) -> Bool {
    guard arguments.has("partial") else { return false }
    if arguments.has("complete") {
        throw .usage("--partial and --complete contradict each other", hint: "leave one of them out")
    }
    if !format.isReport {
        throw .usage("a file with our columns is taken to name only some tokens anyway", hint: "leave --partial out")
    }
    return true
}

private func issuer(_ arguments: Arguments, _ format: InventoryFormat) throws(Failure) -> Issuer? {
    guard let text = arguments.value("issuer") else { return nil }
    guard let issuer = Issuer(text) else {
        throw .usage(
            "'\(printable(text))' is not an issuer", hint: "write rota, or external:<kind> such as external:aws-iam")
    }
    if issuer == .rota, let own = format.issuer {
        throw .usage(
            "the tokens of a list of \(format.rawValue) are not ours",
            hint: "leave --issuer out for \(own), or name another external:<kind>")
    }
    return issuer
}

private func mapping(_ arguments: Arguments, _ format: InventoryFormat) throws(Failure) -> ColumnMapping {
    var mapping = ColumnMapping(
        ignored: Set(arguments.all("ignore")), ignoresUnknown: arguments.has("ignore-columns"))
    for (theirs, title) in try arguments.pairs("map") {
        if title.isEmpty {
            mapping.ignored.insert(theirs)
        } else if let column = InventoryColumn(title: title) {
            mapping.renamed[theirs] = column
        } else {
            throw .usage(
                "--map: there is no column '\(printable(title))'",
                hint: nearest(to: title, among: InventoryColumn.titles).map { "did you mean '\($0)'?" }
                    ?? "columns: \(InventoryColumn.titles.joined(separator: ", "))")
        }
    }
    if format.isReport, mapping != ColumnMapping() {
        throw .usage(
            "a list of \(format.rawValue) has columns of its own",
            hint: "leave --map, --ignore and --ignore-columns out")
    }
    return mapping
}

/// All that is wrong with a file, line by line.
func failure(_ faults: InventoryFaults, path: String) -> Failure {
    let untold = faults.count - faults.faults.count
    return Failure(
        "\(path) has \(counted(faults.count, "fault")); nothing was imported",
        hint: "mend them and import again", code: .usage,
        faults: faults.faults.map { Fault(file: path, line: $0.line, message: $0.message, hint: $0.hint) },
        details: untold > 0 ? ["… and \(untold) more"] : [])
}
