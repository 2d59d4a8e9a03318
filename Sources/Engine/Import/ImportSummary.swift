package import RotaCore

/// What an import did, for its one audit entry and event, and for whoever started it.
package struct ImportSummary: Hashable, Sendable {
    /// How many changes of a kind are told one by one, where nobody asks for more.
    package static let mostTold = 200

    package var file: String
    /// `sha256:<hex>` of the file.
    package var digest: String
    package var format: InventoryFormat
    package var rows: Int
    package var added: Int
    package var updated: Int
    package var unchanged: Int
    /// Live tokens that the file should name and does not; nil when it names not all, or does not tell of what.
    package var vanished: Int?
    /// How many of those were not missing before.
    package var newlyVanished = 0
    /// Tokens that were missing and that the file has again.
    package var returned = 0
    /// Tokens that ended here and that their issuer's file calls active.
    package var stillActive = 0
    /// What the file holds beside tokens.
    package var leftOut: LeftOut
    /// The first changes of each kind, in the order of the file; vanished tokens by name.
    package private(set) var changes: [ImportChange] = []
    /// Names of vanished tokens for the audit log, those that are newly so first.
    package var vanishedNames: [String] { Array((newNames + oldNames).prefix(Self.mostNamed)) }
    private static let mostNamed = 20
    private var newNames: [String] = []
    private var oldNames: [String] = []
    /// How many more there are.
    package private(set) var untold = 0

    package init(
        file: String, digest: String, format: InventoryFormat = .csv, rows: Int, added: Int = 0, updated: Int = 0,
        unchanged: Int = 0, vanished: Int? = nil, leftOut: LeftOut = LeftOut()
    ) {
        self.file = file
        self.digest = digest
        self.format = format
        self.rows = rows
        self.added = added
        self.updated = updated
        self.unchanged = unchanged
        self.vanished = vanished
        self.leftOut = leftOut
    }

    /// Counts a token that is not in the file any more.
    mutating func noteVanished(_ token: Token, isNew: Bool, most: Int) {
        note(.vanished, most: most) { ImportChange(.vanished, token) }
        if isNew {
            newlyVanished += 1
            if newNames.count < Self.mostNamed { newNames.append(token.name) }
        } else if oldNames.count < Self.mostNamed {
            oldNames.append(token.name)
        }
    }

    /// Counts a change, and keeps it while there is room for another of its kind; `change` is only made then.
    mutating func note(_ kind: ImportChange.Kind, most: Int, _ change: () -> ImportChange) {
        let count: Int
        switch kind {
        case .added:
            added += 1
            count = added
        case .changed:
            updated += 1
            count = updated
        case .vanished:
            vanished = (vanished ?? 0) + 1
            count = vanished ?? 0
        case .stillActive:
            stillActive += 1
            count = stillActive
        }
        if count <= most { changes.append(change()) } else { untold += 1 }
    }
}

/// What an import does to one token.
package struct ImportChange: Hashable, Sendable {
    /// What becomes of the token.
    package enum Kind: String, Sendable, CaseIterable {
        case added, changed
        /// It is not in the file any more; nothing is done to it.
        case vanished
        /// It ended here, and its issuer calls it active; nothing is done to it.
        case stillActive = "still-active"
    }

    package var kind: Kind
    /// The line of its row; nil for one that has none.
    package var line: Int?
    package var name: String
    package var issuer: Issuer
    /// What differs, for a changed one; for an added one what its row gives, beside the name.
    package var fields: [FieldChange]

    init(_ kind: Kind, _ token: Token, line: Int? = nil, fields: [FieldChange] = []) {
        self.kind = kind
        self.line = line
        name = token.name
        issuer = token.issuer
        self.fields = fields
    }
}

/// One field of a token that an import changes, as texts of an inventory.
package struct FieldChange: Hashable, Sendable {
    /// The title of its column.
    package var field: String
    package var before: String
    package var after: String

    /// Without what looks like a secret: another column may have been taken for this one.
    package init(_ column: InventoryColumn, _ before: String, _ after: String) {
        field = column.title
        self.before = SecretShape.redacted(before)
        self.after = SecretShape.redacted(after)
    }
}
