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
    /// them. Without a catalogue any will do; `rota:` ones are our own.
    package func unknown(in scopes: [String]) -> (scope: String, nearest: String?)? {
        guard !isEmpty else { return nil }
        let known = map(\.name)
        return scopes.first { !known.contains($0) && !$0.hasPrefix("rota:") }
            .map { ($0, nearest(to: $0, among: known)) }
    }
}

extension [String] {
    /// Each once, in the order in which they came.
    package func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
