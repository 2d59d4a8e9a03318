import Crypto
import Engine
import RotaCore

/// Where `vault check` tries a vault.
extension VaultSettings {
    /// Also names the field of its own place.
    static let checkFolder = "rota-check"

    /// A place that is named, with the field that the kind needs where none is.
    func checkPlace(_ text: String) throws(Failure) -> Destination {
        try place(at: text, field: Self.checkFolder, example: "apps/scratch")
    }

    /// A place of our own in it.
    ///
    /// - parameter field: the one that is meant where the kind needs one and none is named.
    func place(at text: String, field: String, example: String) throws(Failure) -> Destination {
        guard var place = Destination("\(name):\(text)") else {
            throw .usage("'\(abridged(text))' is not a path", hint: "write it like \(example), or \(example)#field")
        }
        if place.field == nil, needsField {
            place = Destination(vault: name, path: place.path, field: field)
        }
        let vaults = KnownVaults(
            names: [name], withoutFields: hasFields ? [] : [name], objections: objection.map { [name: $0] } ?? [:])
        if let fault = vaults.fault(of: place) { throw .usage(fault.message, hint: fault.hint) }
        return place
    }

    /// A place of our own, which nobody else uses.
    var madeUpCheckPlace: Destination {
        Destination(
            vault: name, path: "\(Self.checkFolder)/\(Hex.encode(Random.bytes(8)))",
            field: needsField ? Self.checkFolder : nil)
    }

    /// Why no place can be made up; nil where one can.
    var reasonForNoCheckPlace: String? {
        switch kind {
        case .awsSecretsManager: "rota makes no secrets: give it one by 'check-path'"
        case .directory, .keyValue2, .http: nil
        }
    }
}
