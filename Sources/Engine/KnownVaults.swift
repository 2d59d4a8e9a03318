package import RotaCore

/// The configured vaults, as far as a destination can be checked before anything is made.
package struct KnownVaults: Sendable {
    /// Why no secret can lie at a path; nil when one can.
    package typealias Objection = @Sendable (_ path: String) -> String?

    package var names: Set<String>
    /// Those whose secrets are one value, without fields.
    package var withoutFields: Set<String>
    /// Those that do not take every path, by their names.
    package var objections: [String: Objection]

    /// The fields that are meant where a destination names none, by vault.
    package var defaultFields: [String: String]

    package init(
        names: Set<String>, withoutFields: Set<String> = [], objections: [String: Objection] = [:],
        defaultFields: [String: String] = [:]
    ) {
        self.names = names
        self.withoutFields = withoutFields
        self.objections = objections
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
        if let field = destination.field, withoutFields.contains(vault) {
            return (
                "the vault '\(vault)' keeps one value at a path and has no fields",
                "leave '#\(field)' out"
            )
        }
        return objections[vault]?(destination.path).map {
            ("the vault '\(vault)' cannot keep a value at '\(abridged(destination.path))': \($0)", "name another place")
        }
    }
}
