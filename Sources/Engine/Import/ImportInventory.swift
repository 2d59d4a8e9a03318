import Crypto
import JSON
package import RotaCore

/// An inventory to be imported: all rows are checked first, and it is all or nothing.
package struct ImportRequest: Sendable {
    /// How the file is written.
    package enum Format: Sendable {
        case csv, json
    }

    /// For the audit entry: the file's name.
    package var file: String
    package var format: Format
    /// For rows without an `issuer`.
    package var issuer: Issuer?
    /// Their column names to ours; to the empty text: the column is left out.
    package var columns: [String: String]
    package var vaults: Set<String>
    package var defaultPrefix: String
    package var dryRun: Bool

    package init(
        file: String, format: Format, issuer: Issuer? = nil, columns: [String: String] = [:], vaults: Set<String>,
        defaultPrefix: String = TokenValue.defaultPrefix, dryRun: Bool = false
    ) {
        self.file = file
        self.format = format
        self.issuer = issuer
        self.columns = columns
        self.vaults = vaults
        self.defaultPrefix = defaultPrefix
        self.dryRun = dryRun
    }
}

/// Reads a file from its beginning, chunk by chunk, each time it is called: an import reads twice.
package typealias ChunkSource = (_ each: ([UInt8]) throws -> Void) throws -> Void

/// Checks every row, then adds or updates them in one transaction.
///
/// Known tokens are matched by issuer and external id, else by name; only their description, owner,
/// integration, scopes, labels and prefix are updated: versions, dates and state are never reset. So a second
/// import of the same file changes nothing.
///
/// - parameter progress: called with the number of rows read, in both passes.
/// - throws: `InventoryFaults` with every fault; store errors.
package func importInventory(
    _ request: ImportRequest, from chunks: @escaping ChunkSource, into store: any Store, change: Change,
    random: any RandomSource, progress: (Int) -> Void = { _ in }
) throws -> ImportSummary {
    let parser = InventoryParser(
        issuer: request.issuer, vaults: request.vaults, defaultPrefix: request.defaultPrefix, now: change.at,
        actor: change.actor)
    let (rows, digest) = try checkEveryRow(request, parser, chunks, progress)
    var summary = ImportSummary(
        file: request.file, digest: digest, rows: rows, added: 0, updated: 0, unchanged: 0)
    do {
        try store.transaction {
            try applyEveryRow(request, parser, chunks, store, change, random, &summary, progress)
            if request.dryRun { throw DryRun() }
            try store.recordImport(summary, change: change)
        }
    } catch is DryRun {
        // Everything was done as it would be, and undone.
    }
    return summary
}

private struct DryRun: Error {}

/// How many faults are told one by one.
private let mostFaults = 50

private func checkEveryRow(
    _ request: ImportRequest, _ parser: InventoryParser, _ chunks: @escaping ChunkSource, _ progress: (Int) -> Void
) throws -> (rows: Int, digest: String) {
    var faults: [InventoryFault] = []
    var faultCount = 0
    var names: [Int: Int] = [:]
    var places: [Int: Int] = [:]
    var identities: [Int: Int] = [:]
    var digests: [Int: Int] = [:]
    var rows = 0
    let hasher = SHA256.Hasher()
    func note(_ found: [InventoryFault]) {
        faultCount += found.count
        if faults.count < mostFaults { faults.append(contentsOf: found.prefix(mostFaults - faults.count)) }
    }
    do {
        try eachRow(request, chunks, digesting: hasher) { row in
            rows += 1
            progress(rows)
            var found: [InventoryFault] = []
            if let parsed = parser.parse(row, id: TokenID(""), faults: &found) {
                // Names are remembered by their hash: a file of a million rows stays small in memory.
                if parsed.token.end == nil, let other = names.updateValue(row.line, forKey: parsed.token.name.hashValue)
                {
                    found.append(
                        InventoryFault(
                            line: row.line, "the name '\(parsed.token.name)' is also on line \(other)",
                            hint: "names are unique among active tokens; rename one"))
                }
                if let externalID = parsed.token.externalID,
                    let other = identities.updateValue(
                        row.line, forKey: "\(parsed.token.issuer) \(externalID)".hashValue)
                {
                    found.append(
                        InventoryFault(
                            line: row.line, "the external_id '\(externalID)' is also on line \(other)",
                            hint: "it is unique for each issuer; remove one row"))
                }
                if let digest = parsed.version.digest,
                    let other = digests.updateValue(row.line, forKey: digest.hashValue)
                {
                    found.append(
                        InventoryFault(
                            line: row.line, "the digest is also on line \(other)",
                            hint: "one value belongs to one token; check both rows"))
                }
                for destination in parsed.destinations {
                    if let other = places.updateValue(row.line, forKey: destination.description.hashValue) {
                        found.append(
                            InventoryFault(
                                line: row.line, "the destination \(destination) is also on line \(other)",
                                hint: "one place holds the value of one token"))
                    }
                }
            }
            note(found)
        }
    } catch let fault as InventoryFault {
        note([fault])
    }
    if rows == 0, faults.isEmpty {
        note([InventoryFault(line: 1, "the inventory has no rows", hint: "is it the right file?")])
    }
    guard faults.isEmpty else { throw InventoryFaults(faults: faults, count: faultCount) }
    return (rows, "sha256:" + Hex.encode(hasher.finish()))
}

private func applyEveryRow(
    _ request: ImportRequest, _ parser: InventoryParser, _ chunks: @escaping ChunkSource, _ store: any Store,
    _ change: Change, _ random: any RandomSource, _ summary: inout ImportSummary, _ progress: (Int) -> Void
) throws {
    var done = 0
    try eachRow(request, chunks, digesting: nil) { row in
        var faults: [InventoryFault] = []
        let id = TokenID(randomBytes: random.bytes(TokenID.randomCount))
        guard let parsed = parser.parse(row, id: id, faults: &faults) else {
            throw InventoryFaults(faults: faults, count: faults.count)
        }
        switch try applied(parsed, to: store, change) {
        case .added: summary.added += 1
        case .updated: summary.updated += 1
        case .unchanged: summary.unchanged += 1
        }
        done += 1
        progress(done)
    }
    guard done == summary.rows else {
        throw StoreError.failed("\(request.file) changed while it was being read; nothing was imported")
    }
}

private enum Applied { case added, updated, unchanged }

/// What the store will not take is a fault of that row, with its line.
private func applied(_ parsed: InventoryParser.Parsed, to store: any Store, _ change: Change) throws -> Applied {
    do {
        return try apply(parsed, to: store, change)
    } catch let fault as InventoryFault {
        throw InventoryFaults(faults: [fault], count: 1)
    } catch let error as StoreError {
        switch error {
        case .nameTaken, .placeTaken, .refused, .failed:
            let fault = InventoryFault(line: parsed.line, error.description, hint: "mend or remove the row")
            throw InventoryFaults(faults: [fault], count: 1)
        case .outcomeUnknown, .busy, .unusable: throw error
        }
    }
}

private func apply(_ parsed: InventoryParser.Parsed, to store: any Store, _ change: Change) throws -> Applied {
    let new = parsed.token
    guard let known = try knownToken(parsed, in: store) else {
        try store.addToken(new, version: parsed.version, destinations: parsed.destinations, change: change)
        return .added
    }
    // What ended here is not brought back by its old row.
    guard known.end == nil else { return .unchanged }
    var changed = try store.editToken(update(known, from: parsed), change: change)
    let present = Set(try store.destinations(of: known.id).map(\.description))
    for destination in parsed.destinations where !present.contains(destination.description) {
        try addDestination(destination, to: known.id, in: store, change: change)
        changed = true
    }
    return changed ? .updated : .unchanged
}

/// The token that a row speaks of: by issuer and external id, else by name. A live token of the same name that
/// another issuer made, or that has another external id, is somebody else's and never taken over.
private func knownToken(_ parsed: InventoryParser.Parsed, in store: any Store) throws -> Token? {
    let new = parsed.token
    if let externalID = new.externalID, let known = try store.token(issuer: new.issuer, externalID: externalID) {
        return known
    }
    // The look-up takes ids as well as names.
    guard let known = try store.token(named: new.name), known.name == new.name else { return nil }
    let isSame =
        known.issuer == new.issuer
        && (new.externalID == nil || known.externalID == nil || known.externalID == new.externalID)
    if isSame { return known }
    guard known.end == nil else { return nil }
    throw InventoryFault(
        line: parsed.line, "an active token named '\(new.name)' of \(known.issuer) exists already",
        hint: "rename one of them, or check the issuer and external_id of the row")
}

/// The known token with the metadata that the inventory gives.
private func update(_ known: Token, from parsed: InventoryParser.Parsed) -> Token {
    let new = parsed.token
    var token = known
    token.name = new.name
    for column in parsed.given {
        switch column {
        case .description: token.description = new.description
        case .owner: token.owner = new.owner
        case .integration: token.integration = new.integration
        case .scopes: token.scopes = new.scopes
        case .labels: token.labels = new.labels
        case .prefix: token.prefix = new.prefix
        default: break
        }
    }
    return token
}

// MARK: - Rows of a file

private func eachRow(
    _ request: ImportRequest, _ chunks: @escaping ChunkSource, digesting hasher: SHA256.Hasher?,
    _ each: (InventoryRow) throws -> Void
) throws {
    switch request.format {
    case .csv:
        var reader = CSVReader()
        var header: [InventoryColumn?]?
        func take(_ record: CSVReader.Record) throws {
            guard let columns = header else {
                header = try readHeader(record, request.columns)
                return
            }
            guard record.fields.count == columns.count else {
                throw InventoryFault(
                    line: record.line, "there are \(record.fields.count) fields under \(columns.count) columns",
                    hint: "quote fields that hold a comma")
            }
            var values: [InventoryColumn: String] = [:]
            for (column, field) in zip(columns, record.fields) {
                if let column { values[column] = field }
            }
            try each(InventoryRow(line: record.line, values: values))
        }
        try chunks { chunk in
            hasher?.update(chunk)
            try reader.take(chunk, take)
        }
        try reader.finish(take)
    case .json:
        var rows = JSONRows()
        try chunks { chunk in
            hasher?.update(chunk)
            try rows.take(chunk) { line, object in
                try each(InventoryRow(line: line, values: try readMembers(object, line, request.columns)))
            }
        }
        try rows.finish()
    }
}

private func readHeader(_ record: CSVReader.Record, _ mapping: [String: String]) throws -> [InventoryColumn?] {
    var columns: [InventoryColumn?] = []
    for field in record.fields {
        let column = try column(field.trimmingBlanks(), mapping, line: record.line)
        if let column, columns.contains(column) {
            throw InventoryFault(
                line: record.line, "the column '\(column.rawValue)' is there twice", hint: "remove one")
        }
        columns.append(column)
    }
    return columns
}

private func readMembers(
    _ object: JSON.Object, _ line: Int, _ mapping: [String: String]
) throws -> [InventoryColumn: String] {
    var values: [InventoryColumn: String] = [:]
    for member in object {
        guard let column = try column(member.key, mapping, line: line) else { continue }
        switch member.value {
        case .null: values[column] = ""
        case .string(let text): values[column] = text
        case .array(let elements) where elements.allSatisfy { $0.string != nil }:
            values[column] = elements.compactMap(\.string).joined(separator: " ")
        case .object(let pairs) where column == .labels && pairs.allSatisfy { $0.value.string != nil }:
            values[column] = pairs.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ";")
        default:
            throw InventoryFault(
                line: line, "'\(member.key)' is not a text",
                hint: "give a text; scopes and destinations may be a list of texts")
        }
    }
    return values
}

private func column(_ theirs: String, _ mapping: [String: String], line: Int) throws -> InventoryColumn? {
    let ours = mapping[theirs] ?? theirs
    if ours.isEmpty { return nil }
    if let column = InventoryColumn(rawValue: ours) { return column }
    throw InventoryFault(
        line: line, "there is no column '\(ours)'",
        hint: "map it with --map \(theirs)=COLUMN, or leave it out with --map \(theirs)=; columns: "
            + InventoryColumn.allCases.map(\.rawValue).joined(separator: ", "))
}
