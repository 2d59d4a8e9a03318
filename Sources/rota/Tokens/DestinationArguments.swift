import Engine
import RotaCore

extension Configuration {
    var knownVaults: KnownVaults {
        let withoutFields = vaults.filter { !$0.hasFields }
        let defaultFields = vaults.compactMap { vault in vault.defaultField.map { (vault.name, $0) } }
        return KnownVaults(
            names: vaultNames, withoutFields: Set(withoutFields.map(\.name)),
            objections: vaults.reduce(into: [:]) { $0[$1.name] = $1.objection },
            defaultFields: Dictionary(defaultFields) { first, _ in first })
    }

    /// Destinations that something can be pushed to.
    func destinations(_ texts: [String]) throws(Failure) -> [Destination] {
        var destinations: [Destination] = []
        for text in texts {
            let destination = knownVaults.plain(try destination(text))
            if let fault = knownVaults.fault(of: destination) {
                throw .usage(printable(fault.message), hint: printable(fault.hint))
            }
            destinations.append(destination)
        }
        return destinations
    }
}

/// A destination, in whichever vault.
func destination(_ text: String) throws(Failure) -> Destination {
    guard let destination = Destination(text) else {
        throw .usage(
            "'\(printable(text))' is not a destination", hint: "write VAULT:PATH or VAULT:PATH#FIELD")
    }
    return destination
}

/// The ones of a token's destinations that are to be taken away; one that it has not is a failure that names
/// the nearest.
func removedDestinations(
    _ texts: [String], from known: [Destination], of token: Token, in vaults: KnownVaults
) throws(Failure) -> [Destination] {
    var removed: [Destination] = []
    for text in texts {
        let wanted = try destination(text)
        let plain = vaults.plain(wanted).description
        guard let destination = known.first(where: { vaults.plain($0).description == plain }) else {
            let places = known.map(\.description)
            throw .usage(
                "'\(token.name)' has no destination \(wanted)",
                hint: nearest(to: wanted.description, among: places).map { "did you mean \($0)?" }
                    ?? (places.isEmpty ? "it has none" : "it has \(places.joined(separator: ", "))"))
        }
        if !removed.contains(destination) { removed.append(destination) }
    }
    return removed
}
