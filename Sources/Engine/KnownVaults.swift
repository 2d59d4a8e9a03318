package import RotaCore

/// The configured vaults, as far as a destination can be checked before anything is made.
package struct KnownVaults: Hashable, Sendable {
    package var names: Set<String>
    /// Those whose secrets are one value, without fields.
    package var withoutFields: Set<String>

    package init(names: Set<String>, withoutFields: Set<String> = []) {
        self.names = names
        self.withoutFields = withoutFields
    }

    /// Why nothing could be pushed there, and what to do; nil where something can.
    package func fault(of destination: Destination) -> (message: String, hint: String)? {
        let vault = destination.vault
        guard names.contains(vault) else {
            let known = names.sorted()
            return (
                "there is no vault '\(vault)' in the configuration",
                nearest(to: vault, among: known).map { "did you mean '\($0)'?" }
                    ?? "known are \(known.joined(separator: ", "))"
            )
        }
        guard let field = destination.field, withoutFields.contains(vault) else { return nil }
        return (
            "the vault '\(vault)' keeps one value at a path and has no fields",
            "leave '#\(field)' out"
        )
    }
}
