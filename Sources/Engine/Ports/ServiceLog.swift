/// What a daemon tells whoever runs it: one line an event, with fields that a program can search.
package protocol ServiceLog: Sendable {
    /// - parameters:
    ///   - message: a short sentence that is the same for every such event.
    ///   - fields: what differs, by name. No value of a token, ever.
    func write(_ level: LogLevel, _ message: String, _ fields: [LogField])
}

/// How much an event matters.
package enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case debug, info, warning, error
}

/// One named part of an event.
package struct LogField: Hashable, Sendable {
    /// What a value is where a format tells numbers from texts.
    package enum Kind: Hashable, Sendable {
        case text, number, truth
    }

    package var name: String
    package var value: String
    package var kind: Kind

    package init(_ name: String, _ value: some CustomStringConvertible) {
        self.init(name: name, value: value.description, kind: .text)
    }

    package init(_ name: String, _ value: some BinaryInteger) {
        self.init(name: name, value: value.description, kind: .number)
    }

    package init(_ name: String, _ value: Bool) {
        self.init(name: name, value: value.description, kind: .truth)
    }

    private init(name: String, value: String, kind: Kind) {
        self.name = name
        self.value = value
        self.kind = kind
    }
}

extension ServiceLog {
    package func info(_ message: String, _ fields: LogField...) { write(.info, message, fields) }
    package func warning(_ message: String, _ fields: LogField...) { write(.warning, message, fields) }
    package func error(_ message: String, _ fields: LogField...) { write(.error, message, fields) }
}
