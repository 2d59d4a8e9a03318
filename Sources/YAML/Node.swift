/// A place in a document: line and column count from 1, columns in Unicode scalars.
package struct Mark: Sendable, Hashable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// What is wrong with a document, and where.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A lower case sentence without a full stop.
    package let message: String
    package let mark: Mark

    /// The line of the fault, from 1.
    package var line: Int { mark.line }
    /// The column of the fault, from 1.
    package var column: Int { mark.column }

    package init(_ message: String, at mark: Mark) {
        self.message = message
        self.mark = mark
    }

    /// What a message repeats of the document: a piece of one line.
    static func shown(_ text: String) -> String {
        let piece = text.count > 60 ? text.prefix(57) + "..." : text[...]
        return String(piece.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "?" : $0 })
    }

    /// `line:column: message`, ready to follow a file name and a colon.
    package var description: String { "\(line):\(column): \(message)" }
}

/// One value of a document, with the place where it stands.
///
/// A value that came through an alias carries the marks of its anchor, which is where its text is.
package struct Node: Sendable {
    /// What kind of node it is, with what it holds.
    package enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    /// A key with its value, in the order of the document; keys of a mapping differ from each other.
    package struct Entry: Sendable {
        package let key: String
        package let keyMark: Mark
        package let value: Node
    }

    package let content: Content
    package let mark: Mark

    package init(_ content: Content, at mark: Mark) {
        self.content = content
        self.mark = mark
    }

    /// The items of a sequence, or nil.
    package var items: [Node]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    /// The entries of a mapping, or nil.
    package var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of a key of a mapping; nil where there is none, and for what is no mapping.
    package subscript(key: String) -> Node? {
        entries?.first { $0.key == key }?.value
    }

    /// The scalar, or nil.
    package var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// A string by the core schema: quoted, or plain and neither null, boolean nor number.
    package var string: String? {
        if let scalar, scalar.type == .string { scalar.text } else { nil }
    }

    /// The text of any scalar but null, as written: for versions, labels and the like (`8.6`, `true`).
    package var text: String? {
        if let scalar, scalar.type != .null { scalar.text } else { nil }
    }

    /// An integer that fits; nil for everything else.
    package var integer: Int? {
        if case .integer(let value) = scalar?.type { value } else { nil }
    }

    /// A finite or infinite number, integers included; nil for everything else.
    package var number: Double? {
        switch scalar?.type {
        case .integer(let value): value.map(Double.init) ?? scalar.flatMap { Double($0.text) }
        case .number(let value): value
        default: nil
        }
    }

    /// True or false in one of the six spellings of the core schema; `yes` and `no` are strings.
    package var boolean: Bool? {
        if case .boolean(let value) = scalar?.type { value } else { nil }
    }

    /// Whether nothing, `~` or `null` stands here.
    package var isNull: Bool { scalar?.type == .null }

    /// What stands here, for a message: `a mapping`, `an integer` and so on.
    package var typeName: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar): scalar.type.name
        }
    }
}
