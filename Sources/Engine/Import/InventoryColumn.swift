/// The columns of an inventory (DESIGN section 9).
package enum InventoryColumn: Int, Sendable, CaseIterable {
    case name, issuer, externalID, description, owner, integration, scopes, labels, prefix
    case createdAt, valueIssuedAt, expiresAt, lastUsedAt, trackedSince, state, destinations, digest

    /// As it is written in a header.
    package var title: String {
        switch self {
        case .name: "name"
        case .issuer: "issuer"
        case .externalID: "external_id"
        case .description: "description"
        case .owner: "owner"
        case .integration: "integration"
        case .scopes: "scopes"
        case .labels: "labels"
        case .prefix: "prefix"
        case .createdAt: "created_at"
        case .valueIssuedAt: "value_issued_at"
        case .expiresAt: "expires_at"
        case .lastUsedAt: "last_used_at"
        case .trackedSince: "tracked_since"
        case .state: "state"
        case .destinations: "destinations"
        case .digest: "digest"
        }
    }

    /// All titles, in the order of the columns.
    package static let titles = allCases.map(\.title)

    /// Reads a title; nil for another text.
    package init?(title: String) {
        guard let position = Self.titles.firstIndex(of: title) else { return nil }
        self.init(rawValue: position)
    }
}

/// One row, by column; an absent column reads as an empty text, but is not `given`.
struct InventoryRow: Sendable {
    /// The line that it begins on, from 1.
    let line: Int
    /// Which of the file it is, from 1, where lines do not tell: in JSON.
    var number: Int?
    private let fields: [String]
    private let layout: InventoryLayout

    init(line: Int, fields: [String], layout: InventoryLayout) {
        self.line = line
        self.fields = fields
        self.layout = layout
    }

    /// A row of its own columns; of two values for one column, the later counts.
    init(line: Int, _ values: KeyValuePairs<InventoryColumn, String>) {
        self.init(line: line, columns: values.map { $0.key }, fields: values.map { $0.value })
    }

    init(line: Int, columns: [InventoryColumn], fields: [String]) {
        self.init(line: line, fields: fields, layout: InventoryLayout(columns))
    }

    subscript(column: InventoryColumn) -> String {
        layout.position(of: column).map { fields[$0] } ?? ""
    }

    /// Whether the inventory has the column, be it empty: what it does not have is not changed.
    func gives(_ column: InventoryColumn) -> Bool { layout.position(of: column) != nil }
}

/// Which field of a record belongs to which column: the same for all rows of a CSV file.
struct InventoryLayout: Sendable {
    private var positions = [Int](repeating: -1, count: InventoryColumn.allCases.count)
    /// How many fields a record has.
    let width: Int

    /// The columns in the order of the fields; nil for one that is left out.
    init(_ columns: [InventoryColumn?]) {
        width = columns.count
        for (position, column) in columns.enumerated() {
            if let column { positions[column.rawValue] = position }
        }
    }

    func position(of column: InventoryColumn) -> Int? {
        let position = positions[column.rawValue]
        return position < 0 ? nil : position
    }
}
