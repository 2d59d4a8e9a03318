/// Why a policy is not for a token.
package enum Mismatch: Hashable, Sendable, CustomStringConvertible {
    /// One of name, owner, integration and issuer, with what it is and what was asked for.
    case value(of: String, is: String, wanted: [Glob])
    case noLabel(String)
    case label(String, is: String, wanted: [Glob])
    case scopes(wanted: [Glob])
    case excepted
    /// The expression that comes to false.
    case condition(String)

    /// One phrase.
    package var description: String {
        switch self {
        case .value(let condition, "", let wanted): "it has no \(condition), and \(list(wanted)) is asked for"
        case .value(let condition, let value, let wanted):
            "its \(condition) is '\(value)', not \(list(wanted))"
        case .noLabel(let key): "it has no label '\(key)'"
        case .label(let key, let value, let wanted): "its label '\(key)' is '\(value)', not \(list(wanted))"
        case .scopes(let wanted): "none of its scopes is \(list(wanted))"
        case .excepted: "'except' leaves it out"
        case .condition(let source): "'when' does not hold: \(source)"
        }
    }

    private func list(_ globs: [Glob]) -> String {
        globs.map { "'\($0)'" }.joined(separator: " or ")
    }
}

extension Selector {
    /// The first condition that does not hold; nil when the token is selected.
    package func mismatch(with token: Token) -> Mismatch? {
        let values = [
            ("name", token.name, names), ("owner", token.owner, owners),
            ("integration", token.integration, integrations), ("issuer", token.issuer.description, issuers),
        ]
        for (condition, value, wanted) in values where !wanted.admit(value) {
            return .value(of: condition, is: value, wanted: wanted)
        }
        guard scopes.isEmpty || token.scopes.contains(where: scopes.admit) else {
            return .scopes(wanted: scopes)
        }
        for (key, wanted) in labels.sorted(by: { $0.key < $1.key }) {
            guard let value = token.labels[key] else { return .noLabel(key) }
            guard wanted.admit(value) else { return .label(key, is: value, wanted: wanted) }
        }
        return except.contains { $0.matches(token) } ? .excepted : nil
    }
}
