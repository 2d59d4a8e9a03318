import JSON

/// Our own columns as members of JSON objects, with theirs renamed or left out.
struct OwnMembers: RowTranslator {
    let leftOut = LeftOut()
    private let mapping: ColumnMapping
    /// All members seen so far: objects need not have the same ones.
    private var seen: Set<String> = []
    private var line = 1

    init(_ mapping: ColumnMapping) {
        self.mapping = mapping
    }

    mutating func translate(_ record: JSONRecord, _ each: EachRow) throws {
        line = record.line
        if seen.isEmpty, let misfit = misfit(of: record) { throw misfit }
        var columns: [InventoryColumn] = []
        var fields: [String] = []
        for member in record.object {
            let isNew = seen.insert(member.key).inserted
            switch mapping.meaning(of: member.key) {
            case .ignored: break
            case .unknown:
                // Told once, not for each of a million objects.
                if isNew { try each(.failure(ColumnMapping.unknown(member.key, line: record.line))) }
            case .column(let column) where columns.contains(column):
                let fault = InventoryFault(
                    line: record.line, "the column '\(column.title)' is there twice", hint: "leave one out")
                try each(.failure(fault))
            case .column(let column):
                guard let text = Self.text(member.value, of: column) else {
                    let fault = InventoryFault(
                        line: record.line, "'\(member.key)' is not a text",
                        hint: "give a text; scopes and destinations may be a list of texts")
                    try each(.failure(fault))
                    continue
                }
                columns.append(column)
                fields.append(text)
            }
        }
        try each(.success(InventoryRow(line: record.line, columns: columns, fields: fields)))
    }

    /// Of a first object that has nothing but members of ours, only the name is missing.
    private func misfit(of record: JSONRecord) -> InventoryFault? {
        let members = record.object.keys
        guard members.contains(where: { mapping.meaning(of: $0) == .unknown }) else { return nil }
        return mapping.misfit(of: members, line: record.line, isJSON: true)
    }

    func finish(_ each: EachRow) throws {
        // An empty list is told as such.
        if seen.isEmpty { return }
        for name in mapping.missing(from: seen) {
            try each(.failure(ColumnMapping.missing(name, from: seen, line: line)))
        }
    }

    /// Lists and labels may be given as what they are; null is empty. Nil for what is none of these.
    private static func text(_ value: JSON, of column: InventoryColumn) -> String? {
        switch value {
        case .null: ""
        case .string(let text): text
        case .array(let elements) where elements.allSatisfy { $0.string != nil }:
            elements.compactMap(\.string).joined(separator: " ")
        case .object(let pairs) where column == .labels && pairs.allSatisfy { $0.value.string != nil }:
            pairs.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ";")
        default: nil
        }
    }
}
