import RotaCore

/// What belongs to one token only: two rows with the same one are a fault.
enum RowKey: Hashable {
    case name(String)
    case identity(Issuer, String)
    case value(Digest)
    case place(Destination)

    /// Those of a row, each by its hash too.
    static func each(of parsed: InventoryParser.Parsed, _ each: (RowKey, UInt64) -> Void) {
        let token = parsed.token
        if let externalID = token.externalID { RowKey.identity(token.issuer, externalID).tell(each) }
        if let digest = parsed.version.digest { RowKey.value(digest).tell(each) }
        // A token that has ended keeps neither its name nor its places from others.
        guard token.end == nil else { return }
        RowKey.name(token.name).tell(each)
        for place in parsed.destinations {
            RowKey.place(Destination(vault: place.vault, path: place.path, field: place.field)).tell(each)
        }
    }

    fileprivate func tell(_ each: (RowKey, UInt64) -> Void) {
        each(self, UInt64(bitPattern: Int64(hashValue)))
    }

    func fault(line: Int, other: Int) -> InventoryFault {
        switch self {
        case .name(let name):
            InventoryFault(
                line: line, "the name '\(name)' is also on line \(other)",
                hint: "names are unique among active tokens; rename one")
        case .identity(_, let id):
            InventoryFault(
                line: line, "the external_id '\(id)' is also on line \(other)",
                hint: "it is unique for each issuer; remove one row")
        case .value:
            InventoryFault(
                line: line, "the digest is also on line \(other)",
                hint: "one value belongs to one token; check both rows")
        case .place(let place):
            InventoryFault(
                line: line, "the destination \(place) is also on line \(other)",
                hint: "one place holds the value of one token")
        }
    }
}

extension FingerprintSet {
    /// The keys of all that a small store holds, so that a row which has none of them needs no look at it.
    ///
    /// Nil for a store of more tokens: to read them all would take longer than to look.
    init?(of store: some StoreReads, in vaults: KnownVaults, most: Int) throws {
        self.init()
        var count = 0
        try store.eachToken(states: []) { token in
            count += 1
            guard count <= most else { return false }
            try add(token, of: store, in: vaults)
            return true
        }
        if count > most { return nil }
    }

    private mutating func add(_ token: Token, of store: some StoreReads, in vaults: KnownVaults) throws {
        var keys = [RowKey.name(token.name)]
        if let externalID = token.externalID { keys.append(.identity(token.issuer, externalID)) }
        keys += try store.versions(of: token.id).compactMap { $0.digest.map(RowKey.value) }
        for place in try store.destinations(of: token.id).map(vaults.plain) {
            keys.append(.place(Destination(vault: place.vault, path: place.path, field: place.field)))
        }
        for key in keys { key.tell { _, hash in _ = insert(hash) } }
    }
}
