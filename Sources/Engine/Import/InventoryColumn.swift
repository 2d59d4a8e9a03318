/// The columns of an inventory (DESIGN section 9).
package enum InventoryColumn: String, Sendable, CaseIterable {
    case name, issuer
    case externalID = "external_id"
    case description, owner, integration, scopes, labels, prefix
    case createdAt = "created_at"
    case valueIssuedAt = "value_issued_at"
    case expiresAt = "expires_at"
    case lastUsedAt = "last_used_at"
    case trackedSince = "tracked_since"
    case state, destinations, digest
}

/// One row, by column; an absent column reads as an empty text, but is not `given`.
struct InventoryRow: Sendable {
    var line: Int
    private var values: [InventoryColumn: String]

    init(line: Int, values: [InventoryColumn: String]) {
        self.line = line
        self.values = values
    }

    subscript(column: InventoryColumn) -> String { values[column] ?? "" }

    /// The columns that the inventory has, empty ones too: what it does not have is not changed.
    var given: Set<InventoryColumn> { Set(values.keys) }
}
