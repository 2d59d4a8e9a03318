import CSQLite
import Glibc

/// A prepared statement: finalized when the last reference goes.
///
/// Used by one thread at a time.
final class Statement {
    private let connection: OpaquePointer
    let handle: OpaquePointer
    let sql: String
    /// Its rows are being read.
    var isRunning = false
    /// Bind index of `$1`, `$2` and so on: SQLite numbers named parameters by first appearance.
    private let parameters: [Int32]

    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
        self.connection = connection
        self.sql = sql
        handle = try Self.prepare(sql, on: connection)
        var parameters: [Int32] = []
        while true {
            let index = sqlite3_bind_parameter_index(handle, "$\(parameters.count + 1)")
            if index == 0 { break }
            parameters.append(index)
        }
        self.parameters = parameters
        guard sqlite3_bind_parameter_count(handle) == parameters.count else {
            // Every property is set, so `deinit` finalizes.
            throw SQLiteError(
                code: SQLITE_MISUSE, message: "parameters must be $1, $2, ... without a gap", sql: sql)
        }
    }

    /// Prepares exactly one statement: text after it would silently never run.
    private static func prepare(_ sql: String, on connection: OpaquePointer) throws(SQLiteError)
        -> OpaquePointer
    {
        var prepared: OpaquePointer?
        var isWhole = true
        let code = sql.withCString { start in
            var rest: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(
                connection, start, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, &rest)
            isWhole = rest.map { String(cString: $0).allSatisfy { $0.isWhitespace || $0 == ";" } } ?? true
            return code
        }
        guard code == SQLITE_OK else { throw SQLiteError(connection, code: code, sql: sql) }
        guard let prepared, isWhole else {
            sqlite3_finalize(prepared)
            throw SQLiteError(code: SQLITE_MISUSE, message: "expected exactly one statement", sql: sql)
        }
        return prepared
    }

    deinit {
        sqlite3_finalize(handle)
    }

    func bind(_ values: [Value]) throws(SQLiteError) {
        guard values.count == parameters.count else {
            throw SQLiteError(
                code: SQLITE_MISUSE, message: "\(values.count) values for \(parameters.count) parameters",
                sql: sql)
        }
        for (index, value) in zip(parameters, values) {
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(handle, index)
            case .integer(let integer): code = sqlite3_bind_int64(handle, index, integer)
            case .text(let text):
                var text = text
                code = text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { characters in
                        // An empty text must not become NULL.
                        guard let start = characters.baseAddress else {
                            return rota_sqlite_bind_text_copy(handle, index, "", 0)
                        }
                        return rota_sqlite_bind_text_copy(handle, index, start, Int32(characters.count))
                    }
                }
            case .blob(let blob):
                code = blob.withUnsafeBytes { bytes in
                    guard let start = bytes.baseAddress else {
                        return sqlite3_bind_zeroblob(handle, index, 0)
                    }
                    return rota_sqlite_bind_blob_copy(handle, index, start, Int32(bytes.count))
                }
            }
            guard code == SQLITE_OK else { throw SQLiteError(connection, code: code, sql: sql) }
        }
    }

    /// True while there is a row.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteError(connection, code: code, sql: sql)
        }
    }

    func reset() {
        // The code repeats the error of the last step, which was told already.
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }
}

/// The row that a query stands on.
///
/// Values are copied out; the row itself is only lent. A column is looked up once and its value then read: connections
/// have no mutex, so that SQLite allows it (https://sqlite.org/c3ref/value.html), and a million rows notice.
package struct Row: ~Copyable {
    let handle: OpaquePointer

    init(handle: OpaquePointer) {
        self.handle = handle
    }

    package borrowing func isNull(_ column: Int) -> Bool {
        sqlite3_value_type(value(column)) == SQLITE_NULL
    }

    package borrowing func integer(_ column: Int) -> Int64 {
        sqlite3_value_int64(value(column))
    }

    package borrowing func optionalInteger(_ column: Int) -> Int64? {
        let value = value(column)
        return sqlite3_value_type(value) == SQLITE_NULL ? nil : sqlite3_value_int64(value)
    }

    package borrowing func text(_ column: Int) -> String {
        String(decoding: bytes(column), as: UTF8.self)
    }

    /// Whether the column holds exactly this text; nothing is made of it.
    package borrowing func holds(_ text: StaticString, _ column: Int) -> Bool {
        let bytes = bytes(column)
        guard bytes.count == text.utf8CodeUnitCount, let start = bytes.baseAddress else {
            return bytes.count == text.utf8CodeUnitCount
        }
        return memcmp(start, text.utf8Start, bytes.count) == 0
    }

    package borrowing func optionalText(_ column: Int) -> String? {
        isNull(column) ? nil : text(column)
    }

    package borrowing func blob(_ column: Int) -> [UInt8] {
        let value = value(column)
        guard let bytes = sqlite3_value_blob(value) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_value_bytes(value))))
    }

    package borrowing func optionalBlob(_ column: Int) -> [UInt8]? {
        isNull(column) ? nil : blob(column)
    }

    /// The bytes of a text, good until the next step.
    borrowing func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        let value = value(column)
        guard let start = sqlite3_value_text(value) else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(value)))
    }

    private borrowing func value(_ column: Int) -> OpaquePointer? {
        sqlite3_column_value(handle, Int32(column))
    }
}
