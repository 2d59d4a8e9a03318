package import RotaCore

/// The configured vaults, as far as a destination can be checked before anything is made.
package struct KnownVaults: Hashable, Sendable {
    package var names: Set<String>
    /// Those whose secrets are one value, without fields.
    package var withoutFields: Set<String>

    /// The fields that are meant where a destination names none, by vault.
    package var defaultFields: [String: String]

    package init(names: Set<String>, withoutFields: Set<String> = [], defaultFields: [String: String] = [:]) {
        self.names = names
        self.withoutFields = withoutFields
        self.defaultFields = defaultFields
    }

    /// The one spelling of a place: without the field where that goes without saying. What is compared is this.
    package func plain(_ destination: Destination) -> Destination {
        guard let field = destination.field, defaultFields[destination.vault] == field else { return destination }
        var plain = destination
        plain.field = nil
        return plain
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
