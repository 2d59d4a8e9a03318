import RotaCore
import SQLite

/// What goes in and out of columns.
typealias Value = SQLite.Value
typealias Row = SQLite.Row

extension Value {
    static func of(_ instant: Instant) -> Value { .integer(instant.seconds) }
    static func of(_ instant: Instant?) -> Value { instant.map { .integer($0.seconds) } ?? .null }
    static func of(_ number: Int) -> Value { .integer(Int64(number)) }
    static func of(_ number: Int?) -> Value { number.map { .integer(Int64($0)) } ?? .null }
    static func of(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
    static func of(_ digest: Digest?) -> Value { digest.map { .blob($0.bytes) } ?? .null }
    static func of(_ flag: Bool) -> Value { .integer(flag ? 1 : 0) }
}

extension Row {
    borrowing func instant(_ column: Int) -> Instant? {
        optionalInteger(column).map(Instant.init(seconds:))
    }

    borrowing func digest(_ column: Int) -> Digest? {
        optionalBlob(column).flatMap(Digest.init(bytes:))
    }
}

/// Scopes are joined by blanks, which no scope holds (RFC 6749 section 3.3).
func encode(scopes: [String]) -> String { scopes.joined(separator: " ") }

func decodeScopes(_ text: String) -> [String] {
    text.isEmpty ? [] : text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
}

/// Labels are sorted lines of `key=value`; neither holds a control character, and no key holds `=`.
func encode(labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
}

func decodeLabels(_ text: String) -> [String: String] {
    guard !text.isEmpty else { return [:] }
    var labels: [String: String] = [:]
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        labels[String(Substring(line[..<equals]))] = String(Substring(line[line.index(after: equals)...]))
    }
    return labels
}
