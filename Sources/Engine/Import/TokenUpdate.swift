import RotaCore

/// What a row changes of a token that is known.
struct TokenUpdate {
    var before: Token
    /// With what an edit may change, and nothing else of the row.
    var after: Token
    /// Those that it does not have yet.
    var destinations: [Destination]
    var fields: [FieldChange]

    /// The metadata of the columns that an inventory of ours has; an empty one empties.
    mutating func takeMetadata(_ parsed: InventoryParser.Parsed) {
        let new = parsed.token
        let texts: [(InventoryColumn, WritableKeyPath<Token, String>)] = [
            (.description, \.description), (.owner, \.owner), (.integration, \.integration), (.prefix, \.prefix),
        ]
        for (column, path) in texts where parsed.row.gives(column) {
            set(column, path, to: new[keyPath: path], shownAs: { $0 })
        }
        if parsed.row.gives(.scopes) { set(.scopes, \.scopes, to: new.scopes, shownAs: Self.text(of:)) }
        if parsed.row.gives(.labels) { set(.labels, \.labels, to: new.labels, shownAs: Self.text(of:)) }
    }

    /// What the issuer says of its own token. What people wrote beside it stays: their labels, the owner and the
    /// description, unless there is none.
    mutating func takeReport(_ parsed: InventoryParser.Parsed) {
        let new = parsed.token
        if parsed.row.gives(.scopes) { set(.scopes, \.scopes, to: new.scopes, shownAs: Self.text(of:)) }
        set(
            .labels, \.labels, to: before.labels.merging(new.labels) { _, theirs in theirs }, shownAs: Self.text(of:))
        if before.owner.isEmpty { set(.owner, \.owner, to: new.owner, shownAs: { $0 }) }
        if before.description.isEmpty { set(.description, \.description, to: new.description, shownAs: { $0 }) }
        if parsed.row.gives(.expiresAt) {
            set(.expiresAt, \.expiresAt, to: new.expiresAt, shownAs: { $0?.description ?? "" })
        }
        note(.state, before.state.rawValue, new.state.rawValue)
        noteUse(new.usage)
    }

    /// A use is only ever later than the last.
    private mutating func noteUse(_ usage: Usage) {
        switch (before.usage, usage) {
        case (.lastUsed(let old), .lastUsed(let new)) where new <= old: break
        case (.unknown, .neverUsed), (_, .lastUsed):
            note(.lastUsedAt, Self.text(of: before.usage), Self.text(of: usage))
        default: break
        }
    }

    /// Takes a value over, and notes it where it differs.
    mutating func set<Value: Equatable>(
        _ column: InventoryColumn, _ path: WritableKeyPath<Token, Value>, to value: Value,
        shownAs text: (Value) -> String
    ) {
        let old = before[keyPath: path]
        guard old != value else { return }
        after[keyPath: path] = value
        note(column, text(old), text(value))
    }

    private mutating func note(_ column: InventoryColumn, _ old: String, _ new: String) {
        if old != new { fields.append(FieldChange(column, old, new)) }
    }

    static func text(of scopes: [String]) -> String { scopes.joined(separator: " ") }

    static func text(of labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
    }

    static func text(of usage: Usage) -> String {
        switch usage {
        case .lastUsed(let instant): instant.description
        case .neverUsed: "never"
        case .unknown: ""
        }
    }
}

extension InventoryParser.Parsed {
    /// What the row gives of a new token, as it was understood: it shows which column went where.
    var givenFields: [FieldChange] {
        InventoryColumn.allCases.compactMap { column in
            guard column != .name, !row[column].trimmingBlanks().isEmpty else { return nil }
            return FieldChange(column, "", text(of: column))
        }
    }

    private func text(of column: InventoryColumn) -> String {
        switch column {
        case .name: token.name
        case .issuer: token.issuer.description
        case .externalID: token.externalID ?? ""
        case .description: token.description
        case .owner: token.owner
        case .integration: token.integration
        case .scopes: TokenUpdate.text(of: token.scopes)
        case .labels: TokenUpdate.text(of: token.labels)
        case .prefix: token.prefix
        case .createdAt: token.createdAt.description
        case .valueIssuedAt: version.issuedAt?.description ?? ""
        case .expiresAt: token.expiresAt?.description ?? ""
        case .lastUsedAt: TokenUpdate.text(of: token.usage)
        case .trackedSince: row[column].trimmingBlanks()
        case .state: token.state.rawValue
        case .destinations: destinations.map(\.description).joined(separator: " ")
        case .digest: version.digest?.description ?? ""
        }
    }
}

extension ReportedFacts {
    /// - parameter until: when the report was written; nil: not known, so that nothing is said of the time since.
    init(_ parsed: InventoryParser.Parsed, until: Instant?) {
        self.init(
            usage: parsed.token.usage, usageUntil: until, state: parsed.token.state, endedAt: parsed.token.end?.at)
    }
}
