import RotaCore

/// One scope of the catalogue.
package struct ScopeEntry: Hashable, Sendable {
    /// What it lets one do.
    package enum Access: String, CaseIterable, Sendable { case read, write, admin }

    package var name: String
    package var description: String
    package var access: Access?

    package init(name: String, description: String, access: Access?) {
        self.name = name
        self.description = description
        self.access = access
    }
}

extension [ScopeEntry] {
    /// The first scope that tokens may not be given, with the nearest that they may; nil where they may be given all of
    /// them. Without a catalogue any will do, but for what looks like a role of Rota and is none.
    package func unknown(in scopes: [String]) -> (scope: String, nearest: String?)? {
        let known = map(\.name)
        return scopes.first { scope in
            scope.hasPrefix("rota:") ? !Self.roles.contains(scope) : !isEmpty && !known.contains(scope)
        }.map { ($0, nearest(to: $0, among: known + Self.roles)) }
    }

    /// The scopes that Rota itself goes by.
    package static let roles = ["rota:admin", "rota:audit", "rota:introspect", "rota:issue", "rota:operate"]
}

extension [String] {
    /// Each once, in the order in which they came.
    package func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
