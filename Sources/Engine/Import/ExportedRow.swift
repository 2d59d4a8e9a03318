package import JSON
package import RotaCore

/// A token as a row of an inventory: what an import reads, and makes the same token of.
///
/// ```
/// let row = ExportedRow(token, at: try store.destinations(of: token.id))
/// row.csv      // "ingest,rota,,,data-team,…\n" (RFC 4180), in the order of `InventoryColumn`
/// row.json     // {"name": "ingest", "issuer": "rota", …}, lists and labels as what they are
/// ```
package struct ExportedRow {
    /// Destinations that an inventory has no way to write: they hold what separates them.
    package let unwritten: [Destination]
    private let fields: [(column: InventoryColumn, value: JSON)]

    /// - parameter digest: of the present value; nil: it is not told, and another store accepts no value of it.
    package init(_ token: Token, at destinations: [Destination], digest: Digest? = nil) {
        let isWritable = { (destination: Destination) in !destination.description.contains(where: " ;\t".contains) }
        unwritten = destinations.filter { !isWritable($0) }
        let places = destinations.filter(isWritable).map { JSON.string($0.description) }
        fields = InventoryColumn.allCases.map { column in
            let value: JSON =
                switch column {
                case .name: .string(token.name)
                case .issuer: .string(token.issuer.description)
                case .externalID: .text(token.externalID)
                case .description: .text(token.description)
                case .owner: .text(token.owner)
                case .integration: .text(token.integration)
                case .scopes: .array(token.scopes.map { .string($0) })
                case .labels:
                    .object(JSON.Object(token.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
                case .prefix: .text(token.prefix)
                case .createdAt: .text(token.createdAt.description)
                case .valueIssuedAt: .text(token.values.currentIssuedAt?.description)
                case .expiresAt: .text(token.expiresAt?.description)
                case .lastUsedAt: .text(TokenUpdate.text(of: token.usage))
                case .trackedSince:
                    if case .neverUsed(let since) = token.usage { .text(since.description) } else { .null }
                case .state: .string(token.state.rawValue)
                case .destinations: .array(places)
                case .digest: .text(digest?.description)
                }
            return (column, value)
        }
    }

    /// One object; what there is nothing to say of is left out.
    package var json: JSON {
        .object(JSON.Object(fields.filter { !$0.value.isEmpty }.map { ($0.column.title, $0.value) }))
    }

    /// One record with its end.
    package var csv: String {
        fields.map { Self.quoted($0.value.text) }.joined(separator: ",") + "\n"
    }

    /// The head of the file.
    package static var header: String { InventoryColumn.titles.joined(separator: ",") + "\n" }

    /// As it is, since it is to be read again: a spreadsheet may take it for a formula.
    private static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 0x20 }
        guard needsQuotes || text.utf8.first == 0x20 || text.utf8.last == 0x20 else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

extension JSON {
    /// Null where there is nothing to say.
    fileprivate static func text(_ text: String?) -> JSON {
        text.flatMap { $0.isEmpty ? nil : .string($0) } ?? .null
    }

    fileprivate var isEmpty: Bool { text.isEmpty }

    /// As a field of CSV.
    fileprivate var text: String {
        switch self {
        case .string(let text): text
        case .array(let texts): texts.compactMap(\.string).joined(separator: ";")
        case .object(let pairs): pairs.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ";")
        default: ""
        }
    }
}
