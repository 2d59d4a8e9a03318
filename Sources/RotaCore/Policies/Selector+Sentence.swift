extension Selector {
    /// For people: `owner team-*, label env=prod, except label tier=break-glass`.
    package var sentence: String {
        var parts: [String] = []
        for (key, globs) in [
            ("name", names), ("owner", owners), ("integration", integrations), ("scope", scopes), ("issuer", issuers),
        ] where !globs.isEmpty {
            parts.append("\(key) " + Self.list(globs))
        }
        for (key, globs) in labels.sorted(by: { $0.key < $1.key }) {
            parts.append("label \(key)=" + Self.list(globs))
        }
        parts += except.map { "except \($0.sentence)" }
        return parts.isEmpty ? "every token" : parts.joined(separator: ", ")
    }

    private static func list(_ globs: [Glob]) -> String {
        globs.map { $0.description.isEmpty ? "''" : $0.description }.joined(separator: " or ")
    }
}
