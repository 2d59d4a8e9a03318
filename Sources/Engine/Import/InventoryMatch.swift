import RotaCore

/// What a row means for the store as it is.
enum InventoryMatch {
    case new
    case same(Token)
    case changed(TokenUpdate)

    var isNew: Bool {
        if case .new = self { true } else { false }
    }
}

/// Compares rows with the store; changes nothing.
struct InventoryMatcher {
    let store: any StoreReads
    /// Whether the rows are the issuer's own.
    let isReport: Bool
    let vaults: KnownVaults

    /// - throws: `InventoryFaults` of the row, when the store cannot take it.
    func match(_ parsed: InventoryParser.Parsed) throws -> InventoryMatch {
        guard let known = try knownToken(parsed) else {
            try requireTakable(parsed)
            return .new
        }
        // What ended here is not brought back by its old row.
        guard known.end == nil else { return .same(known) }
        var update = TokenUpdate(before: known, after: known, destinations: [], fields: [])
        try rename(&update, as: parsed)
        if isReport {
            update.takeReport(parsed)
        } else {
            update.takeMetadata(parsed)
            if !parsed.destinations.isEmpty { try addDestinations(parsed, to: &update) }
        }
        return update.fields.isEmpty ? .same(known) : .changed(update)
    }

    /// The token that a row speaks of: by issuer and external id, else by name. A live token of the same name that
    /// another issuer made, or that has another external id, is somebody else's and never taken over.
    func knownToken(_ parsed: InventoryParser.Parsed) throws -> Token? {
        let new = parsed.token
        if let externalID = new.externalID, let known = try store.token(issuer: new.issuer, externalID: externalID) {
            return known
        }
        guard let known = try store.token(ofName: new.name) else { return nil }
        let isSame =
            known.issuer == new.issuer
            && (new.externalID == nil || known.externalID == nil || known.externalID == new.externalID)
        if isSame { return known }
        if known.end == nil, new.end == nil { throw nameFault(parsed, takenBy: known) }
        return nil
    }

    private func nameFault(_ parsed: InventoryParser.Parsed, takenBy other: Token) -> InventoryFaults {
        InventoryFaults([
            InventoryFault(
                line: parsed.line, "an active token named '\(other.name)' of \(other.issuer) exists already",
                hint: "rename one of them, or check the issuer and external_id of the row")
        ])
    }

    /// A new token's value and its places belong to no other.
    private func requireTakable(_ parsed: InventoryParser.Parsed) throws {
        var faults: [InventoryFault] = []
        if let digest = parsed.version.digest, let other = try store.version(with: digest) {
            faults.append(
                InventoryFault(
                    line: parsed.line, "the token '\(other.token.name)' has this digest already",
                    hint: "one value belongs to one token; check the digest, the name and the issuer of the row"))
        }
        if parsed.token.end == nil { faults += try placeFaults(parsed.destinations, for: nil, line: parsed.line) }
        if !faults.isEmpty { throw InventoryFaults(faults) }
    }

    private func placeFaults(_ places: [Destination], for id: TokenID?, line: Int) throws -> [InventoryFault] {
        try places.compactMap { place in
            try store.holder(of: place, otherThan: id).map { other in
                InventoryFault(
                    line: line, "\(place) is a destination of '\(other.name)' already",
                    hint: "one place holds the value of one token; name another, or take it from that one")
            }
        }
    }

    private func rename(_ update: inout TokenUpdate, as parsed: InventoryParser.Parsed) throws {
        let name = parsed.token.name
        guard name != update.before.name else { return }
        if let other = try store.token(ofName: name), other.end == nil, other.id != update.before.id {
            throw nameFault(parsed, takenBy: other)
        }
        update.set(.name, \.name, to: name, shownAs: { $0 })
    }

    private func addDestinations(_ parsed: InventoryParser.Parsed, to update: inout TokenUpdate) throws {
        let present = try store.destinations(of: update.before.id)
        let places = Set(present.map { vaults.plain($0).description })
        update.destinations = parsed.destinations.filter { !places.contains($0.description) }
        guard !update.destinations.isEmpty else { return }
        if try store.rotation(of: update.before.id) != nil {
            let added = update.destinations.map(\.description).joined(separator: " ")
            throw InventoryFaults([
                InventoryFault(
                    line: parsed.line,
                    "a rotation of '\(update.before.name)' is not finished, which \(added) would miss",
                    hint: "import again when it is: 'rota status' tells")
            ])
        }
        let faults = try placeFaults(update.destinations, for: update.before.id, line: parsed.line)
        if !faults.isEmpty { throw InventoryFaults(faults) }
        let before = present.map(\.description)
        update.fields.append(
            FieldChange(
                .destinations, before.joined(separator: " "),
                (before + update.destinations.map(\.description)).joined(separator: " ")))
    }
}
