import Engine
import JSON
import RotaCore

extension Command {
    static let importInventory = Command(
        words: ["import"],
        summary: "take an inventory of tokens into the store: CSV or JSON, all of it or nothing",
        discussion: """
            Every row is checked first and every fault told with its line. A token that is known by name (or
            by issuer and external id) gets its metadata updated; its values, dates and state are never reset,
            so a second import of the same file changes nothing.

            Columns: \(InventoryColumn.allCases.map(\.rawValue).joined(separator: ", ")).
            Scopes and destinations are separated by blanks or ';', labels are k=v;k=v, a destination is
            vault:path#field. last_used_at is a time, 'never', or empty for unknown. digest is sha256:<hex>
            of the present value, or empty.
            """,
        operand: Operand(name: "FILE", help: "a file that ends in .csv or .json"),
        options: [
            Option("issuer", "ISSUER", help: "for rows without one: rota, or external:<kind>; never guessed"),
            Option("map", "THEIRS=OURS", repeats: true, help: "their column is ours; THEIRS= leaves it out"),
            Option("dry-run", help: "check, count what would change, and change nothing"),
        ],
        examples: [
            "rota import tokens.csv --issuer rota --dry-run",
            "rota import keys.csv --issuer external:aws-iam --map user=name --map arn=",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: takeInventory)
}

private func takeInventory(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let path = arguments.operands[0]
    let composition = try Composition(invocation)
    let request = ImportRequest(
        file: String(path.split(separator: "/").last ?? "inventory"), format: try format(of: path),
        issuer: try issuer(arguments), columns: try mapping(arguments),
        vaults: Set(composition.configuration.vaults.map(\.name)),
        defaultPrefix: composition.configuration.tokenPrefix, dryRun: arguments.has("dry-run"))
    _ = try File(reading: path)
    let store = try composition.openStore()
    defer { store.close() }
    let output = invocation.output
    do {
        let summary = try Engine.importInventory(
            request, from: { each in try readChunks(of: path, each) }, into: store,
            change: composition.change("import of \(request.file)"), random: invocation.random
        ) { rows in
            if rows.isMultiple(of: 5_000) { output.progress("\(rows) rows") }
        }
        show(summary, dryRun: request.dryRun, invocation)
        return .done
    } catch let faults as InventoryFaults {
        throw failure(faults, path: path)
    }
}

/// Reads from the beginning each time: an import reads twice.
private func readChunks(of path: String, _ each: ([UInt8]) throws -> Void) throws {
    let file = try File(reading: path)
    while true {
        let chunk = try file.readChunk(most: 256 << 10)
        if chunk.isEmpty { return }
        try each(chunk)
    }
}

private func format(of path: String) throws(Failure) -> ImportRequest.Format {
    if path.hasSuffix(".csv") { return .csv }
    if path.hasSuffix(".json") { return .json }
    throw .usage("\(path) ends neither in .csv nor in .json", hint: "name the file after what is in it")
}

private func issuer(_ arguments: Arguments) throws(Failure) -> Issuer? {
    guard let text = arguments.value("issuer") else { return nil }
    if let issuer = Issuer(text) { return issuer }
    throw .usage(
        "'\(text)' is not an issuer", hint: "write rota, or external:<kind> such as external:aws-iam")
}

private func mapping(_ arguments: Arguments) throws(Failure) -> [String: String] {
    var columns: [String: String] = [:]
    for pair in arguments.all("map") {
        guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
            throw .usage("--map \(pair) is not THEIRS=OURS", hint: "for example --map user=name")
        }
        columns[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
    }
    return columns
}

private func failure(_ faults: InventoryFaults, path: String) -> Failure {
    var details: [String] = []
    for fault in faults.faults {
        details.append(printable("\(path):\(fault.line): error: \(fault.message)"))
        details.append(printable("  hint: \(fault.hint)"))
    }
    let untold = faults.count - faults.faults.count
    if untold > 0 { details.append("… and \(untold) more") }
    return Failure(
        "\(path) has \(counted(faults.count, "fault")); nothing was imported",
        hint: "mend them and import again", code: .usage, details: details)
}

private func show(_ summary: ImportSummary, dryRun: Bool, _ invocation: Invocation) {
    if invocation.wantsJSON {
        invocation.output.document([
            "import": [
                "file": .string(summary.file), "digest": .string(summary.digest), "dry_run": .bool(dryRun),
                "rows": .integer(summary.rows), "added": .integer(summary.added),
                "updated": .integer(summary.updated), "unchanged": .integer(summary.unchanged),
            ]
        ])
        return
    }
    let totals = "\(summary.added) added, \(summary.updated) updated, \(summary.unchanged) unchanged"
    let rows = counted(summary.rows, "row")
    invocation.output.line("\(dryRun ? "would take in " : "")\(rows): \(totals)")
}
