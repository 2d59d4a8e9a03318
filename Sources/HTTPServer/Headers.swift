/// The header fields of a request, in one piece of memory: nothing is made of a field before it is asked for.
package struct Headers: Sendable {
    /// Where a field stands in `bytes`.
    struct Field: Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    private var bytes: [UInt8]
    private(set) var fields: [Field]

    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// Made by hand: for tests of what comes after the parsing.
    package init(_ fields: [(name: String, value: String)] = []) {
        self.init(bytes: [], fields: [])
        for field in fields {
            let start = bytes.count
            bytes += field.name.utf8
            let middle = bytes.count
            bytes += field.value.utf8
            self.fields.append(Field(name: start..<middle, value: middle..<bytes.count))
        }
    }

    /// The value of the first field of a name, which is given in lower case.
    package subscript(name: StaticString) -> String? {
        field(name).map { String(decoding: bytes[$0.value], as: UTF8.self) }
    }

    /// The values of all fields of a name, in order; each may be a list of its own.
    package func all(_ name: StaticString) -> [String] {
        fields.filter { matches($0, name) }.map { String(decoding: bytes[$0.value], as: UTF8.self) }
    }

    package func contains(_ name: StaticString) -> Bool { field(name) != nil }

    /// Lends the value of the first field of a name: for secrets, of which no text shall be made.
    package func withValue<R>(of name: StaticString, _ body: (Span<UInt8>) throws -> R) rethrows -> R? {
        guard let field = field(name) else { return nil }
        return try body(bytes.span.extracting(field.value))
    }

    private func field(_ name: StaticString) -> Field? { fields.first { matches($0, name) } }

    /// Names differ by nothing but letter case.
    func matches(_ field: Field, _ name: StaticString) -> Bool {
        field.name.count == name.utf8CodeUnitCount
            && bytes.span.extracting(field.name).holds(name, ignoringCase: true)
    }

    func value(_ field: Field) -> ArraySlice<UInt8> { bytes[field.value] }
}
