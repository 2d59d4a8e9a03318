import JSON
import RotaCore

/// A log of uses, row by row, in flat memory.
struct UsageFile {
    /// Called with the fields of each row and its line, or with what is wrong with it.
    typealias Each = (_ line: Int, _ row: Result<[UsageColumn: String], InventoryFault>) throws -> Void

    let format: UsageImportRequest.Format
    /// Their columns to ours; to nil: the column is left out.
    let columns: [String: UsageColumn?]
    /// Others are left out, too.
    let ignoresUnknown: Bool

    /// Reads the file from its beginning. Throws a fault after which nothing more can be read.
    func eachRow(_ chunks: ChunkSource, digesting: ([UInt8]) -> Void = { _ in }, _ each: Each) throws {
        switch format {
        case .csv: try eachRecord(chunks, digesting, each)
        case .jsonLines: try eachObject(chunks, digesting, each)
        }
    }

    // MARK: - CSV

    private func eachRecord(_ chunks: ChunkSource, _ digesting: ([UInt8]) -> Void, _ each: Each) throws {
        var reader = CSVReader()
        var header: [UsageColumn?]?
        func take(_ found: Result<CSVReader.Record, InventoryFault>) throws {
            guard case .success(let record) = found else {
                if case .failure(let fault) = found { try each(fault.line, .failure(fault)) }
                return
            }
            guard let columns = header else {
                header = try readHeader(record)
                return
            }
            guard record.fields.count == columns.count else {
                let fault = InventoryFault(
                    line: record.line, "there are \(record.fields.count) fields under \(columns.count) columns",
                    hint: "quote fields that hold a comma")
                return try each(record.line, .failure(fault))
            }
            var values: [UsageColumn: String] = [:]
            for (column, field) in zip(columns, record.fields) {
                if let column { values[column] = field }
            }
            try each(record.line, .success(values))
        }
        let next = try chunks()
        while case let chunk = try next(), !chunk.isEmpty {
            digesting(chunk)
            try reader.take(chunk, take)
        }
        try reader.finish(take)
    }

    private func readHeader(_ record: CSVReader.Record) throws -> [UsageColumn?] {
        var header: [UsageColumn?] = []
        for field in record.fields {
            let column = try column(field.trimmingBlanks(), line: record.line)
            if let column, header.contains(column) {
                throw InventoryFault(
                    line: record.line, "the column '\(column.rawValue)' is there twice", hint: "leave one out")
            }
            header.append(column)
        }
        guard header.contains(.time), header.contains(.token) || header.contains(.digest) else {
            throw InventoryFault(
                line: record.line, "the columns are not those of a log of uses",
                hint: "it needs 'time', and 'token' or 'digest'; it may have source, agent, count and scopes")
        }
        return header
    }

    private func column(_ theirs: String, line: Int) throws -> UsageColumn? {
        if let ours = columns[theirs] { return ours }
        if let column = UsageColumn(rawValue: theirs) { return column }
        if ignoresUnknown { return nil }
        throw InventoryFault(
            line: line, "there is no column '\(SecretShape.shown(theirs, to: 40))'",
            hint: "map it with --map, or leave it out with --ignore; columns: "
                + UsageColumn.allCases.map(\.rawValue).joined(separator: ", "))
    }

    // MARK: - JSON lines

    private func eachObject(_ chunks: ChunkSource, _ digesting: ([UInt8]) -> Void, _ each: Each) throws {
        var lines = Lines()
        func take(_ line: Int, _ bytes: [UInt8]) throws {
            try each(line, Result { try members(of: bytes, line) }.mapError { $0 as? InventoryFault ?? fault(line) })
        }
        let next = try chunks()
        while case let chunk = try next(), !chunk.isEmpty {
            digesting(chunk)
            try lines.take(chunk, take)
        }
        try lines.finish(take)
    }

    private func fault(_ line: Int, _ message: String = "it cannot be read") -> InventoryFault {
        InventoryFault(line: line, message, hint: "write one object a line, such as {\"token\": …, \"time\": …}")
    }

    private func members(of bytes: [UInt8], _ line: Int) throws -> [UsageColumn: String] {
        let document: JSON
        do throws(JSONError) {
            document = try JSON.parse(bytes, maximumBytes: Lines.longest)
        } catch {
            throw fault(line, error.message)
        }
        guard let object = document.object else { throw fault(line, "this is no object") }
        var values: [UsageColumn: String] = [:]
        for member in object {
            guard let column = try column(member.key, line: line) else { continue }
            switch member.value {
            case .null: continue
            case .string(let text): values[column] = text
            case .number(let text) where column == .count: values[column] = text
            case .array(let elements) where column == .scopes && elements.allSatisfy({ $0.string != nil }):
                values[column] = elements.compactMap(\.string).joined(separator: " ")
            default: throw fault(line, "'\(SecretShape.shown(member.key, to: 40))' is not a text")
            }
        }
        return values
    }
}

/// Splits bytes into lines as they come in; empty ones are left out.
private struct Lines {
    /// The longest line, in bytes.
    static let longest = 1 << 20

    private var number = 1
    private var bytes: [UInt8] = []

    mutating func take(_ chunk: [UInt8], _ each: (_ line: Int, _ bytes: [UInt8]) throws -> Void) throws {
        for part in chunk.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            // Each part but the first begins a line.
            if part.offset > 0 {
                try end(each)
                number += 1
            }
            bytes += part.element
            guard bytes.count <= Self.longest else {
                throw InventoryFault(line: number, "a line is longer than 1 MiB", hint: "write one object a line")
            }
        }
    }

    mutating func finish(_ each: (_ line: Int, _ bytes: [UInt8]) throws -> Void) throws {
        try end(each)
    }

    private mutating func end(_ each: (_ line: Int, _ bytes: [UInt8]) throws -> Void) throws {
        if bytes.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) { try each(number, bytes) }
        bytes.removeAll(keepingCapacity: true)
    }
}
