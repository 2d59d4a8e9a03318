/// Fields of a form or a query: `application/x-www-form-urlencoded`.
package struct FormFields: Sendable {
    private let fields: [(name: [UInt8], value: [UInt8])]

    /// Nil for a `%` without two digits after it, and for more than a hundred fields.
    package init?(_ bytes: some Collection<UInt8>) {
        var fields: [(name: [UInt8], value: [UInt8])] = []
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest[pair.endIndex...].dropFirst()
            if pair.isEmpty { continue }
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            guard fields.count < 100,
                let name = PercentEncoding.decode(pair[..<(equals ?? pair.endIndex)], plusIsBlank: true),
                let value = PercentEncoding.decode(
                    equals.map { pair[pair.index(after: $0)...] } ?? pair[pair.endIndex...], plusIsBlank: true)
            else { return nil }
            fields.append((name, value))
        }
        self.fields = fields
    }

    /// How many fields have this name.
    package func count(of name: String) -> Int {
        fields.count { $0.name.elementsEqual(name.utf8) }
    }

    /// The bytes of the first field of a name.
    package func bytes(of name: String) -> [UInt8]? {
        fields.first { $0.name.elementsEqual(name.utf8) }?.value
    }

    /// The text of the first field of a name; nil where it is no UTF-8.
    package func text(of name: String) -> String? {
        bytes(of: name).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
