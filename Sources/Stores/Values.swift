import Engine
import RotaCore
import SQLite

extension Value {
    static func of(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
    static func of(_ id: TokenID) -> Value { .text(id.text) }
    static func of(_ number: Int) -> Value { .integer(Int64(number)) }
    static func of(_ number: Int?) -> Value { number.map { .integer(Int64($0)) } ?? .null }
    static func of(_ instant: Instant) -> Value { .integer(instant.seconds) }
    static func of(_ instant: Instant?) -> Value { instant.map { .integer($0.seconds) } ?? .null }
    static func of(_ span: TimeSpan?) -> Value { span.map { .integer($0.seconds) } ?? .null }
    static func of(_ flag: Bool) -> Value { .integer(flag ? 1 : 0) }
    static func of(_ digest: Digest?) -> Value { digest.map { .blob($0.bytes) } ?? .null }
}

extension Row {
    borrowing func instant(_ column: Int) -> Instant {
        Instant(seconds: integer(column))
    }

    borrowing func optionalInstant(_ column: Int) -> Instant? {
        guard let seconds = optionalInteger(column) else { return nil }
        return Instant(seconds: seconds)
    }

    borrowing func count(_ column: Int) -> Int {
        Int(integer(column))
    }

    /// A word of one of our enumerations; another one means that the store is damaged.
    borrowing func word<Word: RawRepresentable<String>>(_ column: Int) throws -> Word {
        let text = text(column)
        guard let word = Word(rawValue: text) else { throw StoreError.failed("'\(text)' is no \(Word.self)") }
        return word
    }
}

extension Row {
    /// Nil where there is none.
    borrowing func optionalWord<Word: RawRepresentable<String>>(_ column: Int) throws -> Word? {
        guard optionalText(column) != nil else { return nil }
        let found: Word = try word(column)
        return found
    }
}

/// Scopes are stored joined by blanks, which none of them may hold (RFC 6749 section 3.3).
enum ScopeText {
    static func encode(_ scopes: [String]) throws -> String {
        for scope in scopes where scope.isEmpty || scope.utf8.contains(where: { $0 <= 0x20 }) {
            throw StoreError.failed("the scope '\(scope)' is empty or holds a blank")
        }
        return scopes.joined(separator: " ")
    }

    static func decode(_ text: String) -> [String] {
        if text.isEmpty { return [] }
        return text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
    }
}

/// Labels are stored as lines of `key=value`, sorted by key.
enum LabelText {
    static func encode(_ labels: [String: String]) throws -> String {
        if labels.isEmpty { return "" }
        for (key, value) in labels
        where key.isEmpty || key.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 < 0x20 })
            || value.utf8.contains(where: { $0 < 0x20 })
        {
            throw StoreError.failed("the label '\(key)' is empty, or holds '=' or a control character")
        }
        return labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }

    static func decode(_ text: String) -> [String: String] {
        if text.isEmpty { return [:] }
        var labels: [String: String] = [:]
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            labels[String(Substring(line[..<equals]))] = String(Substring(line[line.index(after: equals)...]))
        }
        return labels
    }
}
