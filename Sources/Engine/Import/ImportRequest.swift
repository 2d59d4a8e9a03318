package import RotaCore

/// An inventory to be imported: all rows are checked first, and it is all or nothing.
package struct ImportRequest: Sendable {
    /// For the audit entry: the file's name.
    package var file: String
    package var format: InventoryFormat
    /// For rows without an `issuer`; in the place of the format's own, where that has one.
    package var issuer: Issuer?
    /// Their column names to ours; to nothing: the column is left out.
    package var columns: ColumnMapping
    package var vaults: KnownVaults
    package var defaultPrefix: String
    package var dryRun: Bool
    /// Whether the file names every token of its issuers, so that one that it does not is gone. A report names all of
    /// the part that it is about.
    package var isComplete: Bool
    /// Whether a report names only some, so that nothing can be told to be gone.
    package var isPartial: Bool
    /// How many changes of a kind the summary tells one by one; each takes about a kilobyte.
    package var mostTold: Int
    /// The same for tokens that have vanished.
    package var mostVanishedTold: Int
    /// When the file was written: up to then a report knows whether a token was used. Nil: not known.
    package var writtenAt: Instant?

    package init(
        file: String, format: InventoryFormat, issuer: Issuer? = nil, columns: ColumnMapping = ColumnMapping(),
        vaults: KnownVaults, defaultPrefix: String = TokenValue.defaultPrefix, dryRun: Bool = false,
        isComplete: Bool = false, isPartial: Bool = false, mostTold: Int = ImportSummary.mostTold,
        mostVanishedTold: Int? = nil, writtenAt: Instant? = nil
    ) {
        self.file = file
        self.format = format
        self.issuer = issuer
        self.columns = columns
        self.vaults = vaults
        self.defaultPrefix = defaultPrefix
        self.dryRun = dryRun
        self.isComplete = isComplete
        self.isPartial = isPartial
        self.mostTold = mostTold
        self.mostVanishedTold = mostVanishedTold ?? mostTold
        self.writtenAt = writtenAt
    }
}
