import Crypto
import JSON

/// Turns the records of one format into rows of ours.
protocol RowTranslator {
    /// A record of CSV, or an object of JSON with its line.
    associatedtype Record

    /// Hands on the rows that a record stands for: none, one or several; or what is wrong with it.
    mutating func translate(_ record: Record, _ each: EachRow) throws

    /// After the last record: hands on what only the whole file shows.
    mutating func finish(_ each: EachRow) throws

    /// What the file holds beside tokens.
    var leftOut: LeftOut { get }

    /// Of which parts of its issuer's tokens the file is a whole list (`InventoryFormat.section(of:)`); none where it
    /// does not tell, and nil for all that the issuer has.
    var sections: Set<String>? { get }
}

extension RowTranslator {
    var sections: Set<String>? { nil }
}

/// What the reading of a whole file gives beside its rows.
struct ReadInventory {
    var leftOut: LeftOut
    var sections: Set<String>?
    /// `sha256:<hex>` of the file.
    var digest: String

    fileprivate init(_ translator: some RowTranslator, _ hasher: SHA256.Hasher) {
        leftOut = translator.leftOut
        sections = translator.sections
        digest = "sha256:" + Hex.encode(hasher.finish())
    }
}

/// Called with each row, or with what is wrong with one.
typealias EachRow = (Result<InventoryRow, InventoryFault>) throws -> Void

/// An object of JSON and the line that it begins on.
struct JSONRecord {
    var line: Int
    var object: JSON.Object
}

/// What a file holds beside tokens, counted by kind.
package struct LeftOut: Hashable, Sendable {
    /// The kind in the singular, such as `console password`, and how many, in the order of first sight.
    package private(set) var counts: [Count] = []

    /// How many of one kind.
    package struct Count: Hashable, Sendable {
        package var what: String
        package var count: Int
    }

    package init() {}

    package var total: Int { counts.reduce(0) { $0 + $1.count } }

    mutating func add(_ what: String, _ count: Int = 1) {
        if count == 0 { return }
        if let index = counts.firstIndex(where: { $0.what == what }) {
            counts[index].count += count
        } else {
            counts.append(Count(what: what, count: count))
        }
    }
}

/// Opens a file at its beginning, each time it is called: an import reads more than once. What it gives reads on,
/// chunk by chunk; an empty one is the end.
package typealias ChunkSource = () throws -> () throws -> [UInt8]

/// `sha256:<hex>` of a file.
func digest(of chunks: ChunkSource) throws -> String {
    let hasher = SHA256.Hasher()
    let next = try chunks()
    while case let chunk = try next(), !chunk.isEmpty { hasher.update(chunk) }
    return "sha256:" + Hex.encode(hasher.finish())
}

/// Reads all rows of a file in the format of the request.
///
/// - throws: an `InventoryFault` after which nothing more can be read; what `each` and `chunks` throw.
func readRows(_ request: ImportRequest, _ chunks: ChunkSource, _ each: EachRow) throws -> ReadInventory {
    switch request.format {
    case .csv: try readCSV(OwnColumns(request.columns), chunks, each)
    case .json: try readJSON(OwnMembers(request.columns), chunks, each)
    case .awsCredentialReport: try readCSV(CredentialReport(), chunks, each)
    case .gitlab: try readJSON(GitLabList(request), chunks, each)
    case .github: try readJSON(GitHubList(request), chunks, each)
    }
}

private func readCSV<Translator: RowTranslator>(
    _ translator: Translator, _ chunks: ChunkSource, _ each: EachRow
) throws -> ReadInventory where Translator.Record == CSVReader.Record {
    var translator = translator
    var reader = CSVReader()
    let hasher = SHA256.Hasher()
    func take(_ record: Result<CSVReader.Record, InventoryFault>) throws {
        switch record {
        case .success(let record): try translator.translate(record, each)
        case .failure(let fault): try each(.failure(fault))
        }
    }
    let next = try decoding(chunks)
    while case let chunk = try next(), !chunk.isEmpty {
        hasher.update(chunk)
        try reader.take(chunk, take)
    }
    try reader.finish(take)
    try translator.finish(each)
    return ReadInventory(translator, hasher)
}

private func readJSON<Translator: RowTranslator>(
    _ translator: Translator, _ chunks: ChunkSource, _ each: EachRow
) throws -> ReadInventory where Translator.Record == JSONRecord {
    var translator = translator
    var rows = JSONRows()
    let hasher = SHA256.Hasher()
    var number = 0
    let next = try decoding(chunks)
    while case let chunk = try next(), !chunk.isEmpty {
        hasher.update(chunk)
        try rows.take(chunk) { line, row in
            number += 1
            switch row {
            case .success(let object):
                try translator.translate(JSONRecord(line: line, object: object)) { result in
                    try each(result.of(row: number, named: object["name"]?.string ?? ""))
                }
            case .failure(let fault): try each(.failure(fault.of(row: number, named: "")))
            }
        }
    }
    try rows.finish()
    try translator.finish(each)
    return ReadInventory(translator, hasher)
}

extension Result<InventoryRow, InventoryFault> {
    /// The same, knowing which row of JSON it is.
    fileprivate func of(row number: Int, named name: String) -> Self {
        switch self {
        case .success(var row):
            row.number = number
            return .success(row)
        case .failure(let fault): return .failure(fault.of(row: number, named: name))
        }
    }
}

/// The chunks of a file in UTF-8. UTF-16, as spreadsheets save it, is told at once and not line by line.
private func decoding(_ chunks: ChunkSource) throws -> () throws -> [UInt8] {
    let next = try chunks()
    var isFirst = true
    return {
        let chunk = try next()
        let start = chunk.prefix(2)
        if isFirst, start == [0xFF, 0xFE] || start == [0xFE, 0xFF] || start.contains(0) {
            throw InventoryFault(
                line: 1, "the file is in UTF-16, and not in UTF-8",
                hint: "save it as UTF-8, such as by: iconv -f UTF-16 -t UTF-8 FILE")
        }
        isFirst = false
        return chunk
    }
}
