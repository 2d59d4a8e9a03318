/// What an expression may name.
package struct Environment: Sendable {
    /// A variable. A name with dots, such as `token.age`, reads like a field.
    package struct Variable: Sendable {
        package let name: String
        package let type: ValueType

        package init(_ name: String, _ type: ValueType) {
            self.name = name
            self.type = type
        }
    }

    /// Seconds that a zone is ahead of UTC, at an instant in seconds since 1970.
    package typealias ZoneOffset = @Sendable (_ seconds: Int64) -> Int64

    /// The place of each is its slot.
    package let variables: [Variable]
    let slots: [String: Int]
    /// Everything that stands before a dot in the name of a variable.
    let prefixes: Set<String>
    let zone: @Sendable (_ name: String) -> ZoneOffset?
    let checksLiterals: Bool

    /// - Parameters:
    ///   - zone: a zone by its name in the IANA database; nil when there is none. It is asked once for a name that is
    ///     written out, when the program is made, and at each evaluation for one that is computed.
    ///   - checksLiterals: a text that is written out, and is no duration, timestamp or pattern where one is needed, is
    ///     an error of the program, and not one of each evaluation.
    package init(
        variables: [Variable], zone: @escaping @Sendable (_ name: String) -> ZoneOffset? = { _ in nil },
        checksLiterals: Bool = true
    ) {
        self.variables = variables
        self.zone = zone
        self.checksLiterals = checksLiterals
        slots = Dictionary(variables.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var prefixes: Set<String> = []
        for variable in variables {
            let parts = variable.name.split(separator: ".")
            for count in parts.indices.dropFirst() { prefixes.insert(parts[..<count].joined(separator: ".")) }
        }
        self.prefixes = prefixes
    }
}

/// The values of the variables, fetched when they are needed.
package protocol Variables {
    /// - Parameter slot: the place of the variable in its environment.
    /// - Returns: nil when it has no value this time: `has()` is then false, and everything else an error.
    func value(of slot: Int) -> Value?
}
