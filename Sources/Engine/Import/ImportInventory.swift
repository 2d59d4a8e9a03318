import RotaCore

/// What an import is about.
package enum ImportStep: String, Sendable {
    /// Every row is checked and compared with the store.
    case checking
    /// Known tokens are changed.
    case changing
    /// New tokens are added.
    case adding
}

/// Checks every row, then changes known tokens and adds new ones, these two in one transaction.
///
/// While the rows are checked, others may write. Where one of them has changed what the rows were compared with, they
/// are checked once more, within the transaction.
///
/// Known tokens are matched by issuer and external id, else by name; only their metadata and destinations are
/// updated: versions, dates and state are never reset. A report of the issuer itself also tells what became of a
/// token since: its end, its last use, whether it is switched off. A second import of the same file changes nothing.
///
/// Tokens that the file should name and does not are noted as missing, until a file has them again; nothing else is
/// done to them.
///
/// - parameter progress: called now and then with the step and the number of rows that it has read.
/// - throws: `InventoryFaults` with every fault; store errors. Then nothing was changed.
package func importInventory(
    _ request: ImportRequest, from chunks: @escaping ChunkSource, into store: any Store, change: Change,
    random: any RandomSource, progress: @escaping (ImportStep, Int) -> Void = { _, _ in }
) throws -> ImportSummary {
    // Each change tells the file by its digest, so that is taken first.
    let digest = try digest(of: chunks)
    func check() throws -> Importer {
        let importer = Importer(request, digest, chunks, store, change, progress)
        try importer.check()
        try importer.lookForVanished()
        return importer
    }
    let (checked, newest) = try store.snapshot { (try check(), try store.newestAuditNumber()) }
    guard !request.dryRun else { return checked.summary }
    return try store.transaction {
        let isOutdated = try checked.changesAnything && store.mayHaveChangedTokens(since: newest)
        let importer = isOutdated ? try check() : checked
        try importer.changeKnown()
        try importer.addNew(ids: TokenIDSeries(randomBytes: random.bytes(TokenID.randomCount)))
        try importer.recordAbsences()
        try store.recordImport(importer.summary, change: change)
        return importer.summary
    }
}

extension StoreReads {
    fileprivate func newestAuditNumber() throws -> Int64 {
        var newest: Int64 = 0
        try eachAuditEntry(below: .max, object: nil) { entry in
            newest = entry.number
            return false
        }
        return newest
    }

    /// Whether rows that were compared with the store when it had that audit entry may compare otherwise now: with the
    /// names, the places, the fields and the ends of tokens. All that changes those is audited.
    fileprivate func mayHaveChangedTokens(since number: Int64) throws -> Bool {
        var found = false
        try eachAuditEntry(from: number + 1, object: nil) { entry in
            found = !harmlessActions.contains { entry.action.hasPrefix($0) }
            return !found
        }
        return found
    }
}

/// What goes on all night beside an import, and does not change what its rows are compared with: no row has the digest
/// of a value that was not known when the file was written, and whether a rotation is open is looked at again when a
/// place is added.
private let harmlessActions = [
    "rotation.", "version.", "run.", "finding.", "action.", "schedule.", "delivery.", "webhook.", "policies.",
]
