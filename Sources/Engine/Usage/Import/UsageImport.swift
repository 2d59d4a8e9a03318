package import RotaCore

/// A log of uses to be imported: all rows are checked first, and it is all or nothing.
package struct UsageImportRequest: Sendable {
    /// How the file is written.
    package enum Format: Sendable {
        case csv
        /// One object a line.
        case jsonLines
    }

    /// For the audit entry: the file's name.
    package var file: String
    package var format: Format
    /// Their columns to ours; to nil: the column is left out.
    package var columns: [String: UsageColumn?]
    /// Any other column is left out, too; else it is a fault.
    package var ignoresUnknown: Bool
    /// A row of an unknown token is a fault, and not only counted.
    package var strict: Bool
    /// The log holds every use of every token from its first row to its last: idle clocks run over that time.
    package var complete: Bool
    package var dryRun: Bool

    package init(
        file: String, format: Format, columns: [String: UsageColumn?] = [:], ignoresUnknown: Bool = false,
        strict: Bool = false, complete: Bool = false, dryRun: Bool = false
    ) {
        self.file = file
        self.format = format
        self.columns = columns
        self.ignoresUnknown = ignoresUnknown
        self.strict = strict
        self.complete = complete
        self.dryRun = dryRun
    }
}

/// What an import of uses did, for its one audit entry.
package struct UsageImportSummary: Hashable, Sendable {
    package var file: String
    /// `sha256:<hex>` of the file.
    package var digest: String
    package var rows = 0
    /// Uses of tokens that are known, and that accepted them by then.
    package var uses = 0
    /// Uses of tokens or versions that had ended by then.
    package var refused = 0
    /// Rows of tokens that are not in the store.
    package var unknownRows = 0
    /// The first of those tokens.
    package var unknown = Sightings()
    /// The times of the earliest and the latest row.
    package var first: Instant
    package var last: Instant
    package var complete: Bool
    /// When this very file was imported before: then nothing was changed. Nil: it was not.
    package var importedBefore: Instant?
}

/// Checks every row, then adds the uses to what is known, in one transaction.
///
/// A file that was imported before, by its digest, changes nothing. Uses are matched by the digest of a value,
/// else by the name or id of a token, and then it is not known which version it was.
///
/// - parameter progress: called now and then with the step and the number of rows that it has read.
/// - throws: `InventoryFaults` with every fault; store errors.
package func importUsage(
    _ request: UsageImportRequest, from chunks: @escaping ChunkSource, into store: any Store, change: Change,
    progress: (ImportStep, Int) -> Void = { _, _ in }
) throws -> UsageImportSummary {
    let file = UsageFile(format: request.format, columns: request.columns, ignoresUnknown: request.ignoresUnknown)
    let check = UsageCheck(request, now: change.at, store)
    var summary = try check.run(file, chunks) { progress(.checking, $0) }
    if let before = try importedBefore(summary.digest, in: store) {
        summary.importedBefore = before
        return summary
    }
    do {
        return try store.transaction {
            let writer = UsageWriter(summary, store, now: change.at)
            try writer.run(file, chunks) { progress(.adding, $0) }
            if request.complete { try writer.recordCompleteness() }
            if request.dryRun { throw DryRun(summary: writer.summary) }
            try store.recordUsageImport(writer.summary, change: change)
            return writer.summary
        }
    } catch let dryRun as DryRun {
        // Everything was done as it would be, and undone.
        return dryRun.summary
    }
}

private struct DryRun: Error {
    var summary: UsageImportSummary
}

/// The audit log knows every file that was taken in.
private func importedBefore(_ digest: String, in store: any StoreReads) throws -> Instant? {
    var found: Instant?
    try store.eachAuditEntry(from: 1, object: digest) { entry in
        if entry.action == "usage.import" { found = entry.at }
        return found == nil
    }
    return found
}
