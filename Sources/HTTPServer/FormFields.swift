import Crypto

/// Fields of a form or a query: `application/x-www-form-urlencoded`. Nothing is made of a field before it is asked for.
package struct FormFields: Sendable {
    /// Where a field stands in `bytes`.
    private struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    private let bytes: [UInt8]
    private let fields: [Field]

    /// Nil for a `%` without two digits after it, and for more than a hundred fields.
    package init?(_ source: some Collection<UInt8>) {
        let bytes = Array(source)
        guard PercentEncoding.isWhole(bytes.span) else { return nil }
        var fields: [Field] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            defer { start = end + 1 }
            if start == end { continue }
            guard fields.count < 100 else { return nil }
            let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            fields.append(Field(name: start..<equals, value: min(equals + 1, end)..<end))
        }
        self.bytes = bytes
        self.fields = fields
    }

    /// The names of all fields; one that is no UTF-8 is empty.
    package var names: [String] {
        fields.map { String(validating: decoded($0.name), as: UTF8.self) ?? "" }
    }

    /// The texts of all fields of a name that are UTF-8.
    package func texts(of name: StaticString) -> [String] {
        fields.filter { matches($0, name) }.compactMap { String(validating: decoded($0.value), as: UTF8.self) }
    }

    /// How many fields have this name.
    package func count(of name: StaticString) -> Int {
        fields.count { matches($0, name) }
    }

    /// Lends the bytes of the first field of a name.
    package func withValue<R>(of name: StaticString, _ body: (Span<UInt8>) throws -> R) rethrows -> R? {
        guard let field = fields.first(where: { matches($0, name) }) else { return nil }
        if isPlain(field.value) { return try body(bytes.span.extracting(field.value)) }
        return try body(decoded(field.value).span)
    }

    /// The text of the first field of a name; nil where it is no UTF-8.
    package func text(of name: StaticString) -> String? {
        guard let field = fields.first(where: { matches($0, name) }) else { return nil }
        return String(validating: decoded(field.value), as: UTF8.self)
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        if !isPlain(field.name) { return decoded(field.name).elementsEqual(name.description.utf8) }
        return bytes.span.extracting(field.name).holds(name)
    }

    /// Whether it stands for itself.
    private func isPlain(_ range: Range<Int>) -> Bool {
        for index in range where bytes[index] == UInt8(ascii: "%") || bytes[index] == UInt8(ascii: "+") { return false }
        return true
    }

    private func decoded(_ range: Range<Int>) -> [UInt8] {
        // It was seen before that every escape is whole.
        PercentEncoding.decode(bytes[range], plusIsBlank: true) ?? []
    }
}

extension Span<UInt8> {
    /// Whether these are the bytes of a word, which is in lower case where that says nothing.
    package func holds(_ word: StaticString, ignoringCase: Bool = false) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        var expected = word.utf8Start
        for index in indices {
            let byte = self[index]
            let isCapital = ignoringCase && byte >= 65 && byte <= 90
            if (isCapital ? byte | 0x20 : byte) != expected.pointee { return false }
            expected += 1
        }
        return true
    }
}
