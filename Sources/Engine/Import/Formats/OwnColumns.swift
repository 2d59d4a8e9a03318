/// Our own columns in CSV, with theirs renamed or left out.
struct OwnColumns: RowTranslator {
    let leftOut = LeftOut()
    private let mapping: ColumnMapping
    private var layout: InventoryLayout?

    init(_ mapping: ColumnMapping) {
        self.mapping = mapping
    }

    mutating func translate(_ record: CSVReader.Record, _ each: EachRow) throws {
        guard let layout else { return try readHeader(record, each) }
        guard record.fields.count == layout.width else {
            let fault = InventoryFault(
                line: record.line, "there are \(record.fields.count) fields under \(layout.width) columns",
                hint: "quote fields that hold a comma")
            return try each(.failure(fault))
        }
        try each(.success(InventoryRow(line: record.line, fields: record.fields, layout: layout)))
    }

    func finish(_ each: EachRow) {}

    /// A column that is wrong is told and left out, so that the rows below it are checked all the same.
    private mutating func readHeader(_ record: CSVReader.Record, _ each: EachRow) throws {
        let theirs = record.fields.map { $0.trimmingBlanks() }
        for name in mapping.missing(from: Set(theirs)) {
            try each(.failure(ColumnMapping.missing(name, from: Set(theirs), line: record.line)))
        }
        if let misfit = mapping.misfit(of: theirs, line: record.line, isJSON: false) { throw misfit }
        var columns: [InventoryColumn?] = []
        for name in theirs {
            switch mapping.meaning(of: name) {
            case .column(let column) where columns.contains(column):
                let fault = InventoryFault(
                    line: record.line, "the column '\(column.title)' is there twice", hint: "leave one out")
                try each(.failure(fault))
                columns.append(nil)
            case .column(let column): columns.append(column)
            case .ignored: columns.append(nil)
            case .unknown:
                try each(.failure(ColumnMapping.unknown(name, line: record.line)))
                columns.append(nil)
            }
        }
        layout = InventoryLayout(columns)
    }
}
