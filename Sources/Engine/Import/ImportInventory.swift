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

/// Checks every row, then changes known tokens and adds new ones, all in one transaction.
///
/// Known tokens are matched by issuer and external id, else by name; only their metadata and destinations are
/// updated: versions, dates and state are never reset. A report of the issuer itself also tells what became of a
/// token since: its end, its last use, whether it is switched off. A second import of the same file changes nothing.
///
/// Tokens that the file should name and does not are counted, and nothing is done to them.
///
/// - parameter progress: called now and then with the step and the number of rows that it has read.
/// - throws: `InventoryFaults` with every fault; store errors. Then nothing was changed.
package func importInventory(
    _ request: ImportRequest, from chunks: @escaping ChunkSource, into store: any Store, change: Change,
    random: any RandomSource, progress: @escaping (ImportStep, Int) -> Void = { _, _ in }
) throws -> ImportSummary {
    // Each change tells the file by its digest, so that is taken first.
    let importer = Importer(request, try digest(of: chunks), chunks, store, change, progress)
    guard !request.dryRun else {
        try importer.check()
        try importer.lookForVanished()
        return importer.summary
    }
    return try store.transaction {
        try importer.check()
        try importer.lookForVanished()
        try importer.changeKnown()
        try importer.addNew(ids: TokenIDSeries(randomBytes: random.bytes(TokenID.randomCount)))
        try store.recordImport(importer.summary, change: change)
        return importer.summary
    }
}
