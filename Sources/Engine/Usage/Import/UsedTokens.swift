import RotaCore

/// Finds the tokens that a log speaks of, and remembers those that it found last.
struct UsedTokens {
    enum Found {
        case known(Match)
        /// By which it was looked for, as far as that is no secret.
        case unknown(String)
        /// The digest is that of another token than the named one.
        case mismatch(String)
    }

    /// A token, and where a digest told it, which version.
    struct Match {
        var id: TokenID
        /// 0: it is not known which one.
        var version: Int
        /// From when on it did not accept a use any more; nil: it does.
        var endedAt: Instant?
        /// For a digest: what the token may be called.
        fileprivate var names: [String]
    }

    /// How many are remembered before it begins anew.
    private static let capacity = 20_000

    private let store: any StoreReads
    private var known: [String: Match?] = [:]

    init(_ store: any StoreReads) { self.store = store }

    mutating func find(_ row: UsageRow) throws -> Found {
        if let digest = row.digest {
            guard let match = try match(digest) else { return .unknown(abridged(digest)) }
            if let token = row.token, !match.names.contains(token) { return .mismatch(shown(token)) }
            return .known(match)
        }
        let name = row.token ?? ""
        return try match(name).map { .known($0) } ?? .unknown(shown(name))
    }

    /// Whether a row has a value where a name or an id should be: one that looks like it, and that no token has.
    mutating func isValue(_ name: String) throws -> Bool {
        try SecretShape.isLikely(in: name) && match(name) == nil
    }

    private mutating func match(_ digest: Digest) throws -> Match? {
        try remembered(digest.description) { store in
            try store.version(with: digest).map { token, version in
                Match(
                    id: token.id, version: version.number,
                    endedAt: [version.endedAt, token.end?.at].compactMap(\.self).min(),
                    names: [token.id.text, token.name])
            }
        }
    }

    private mutating func match(_ name: String) throws -> Match? {
        try remembered(name) { store in
            try store.token(named: name).map { Match(id: $0.id, version: 0, endedAt: $0.end?.at, names: []) }
        }
    }

    private mutating func remembered(_ key: String, _ find: (any StoreReads) throws -> Match?) throws -> Match? {
        if let found = known[key] { return found }
        let found = try find(store)
        if known.count == Self.capacity { known = [:] }
        known[key] = .some(found)
        return found
    }

    private func shown(_ name: String) -> String { SecretShape.shown(name, to: 80) }

    private func abridged(_ digest: Digest) -> String { digest.description.prefix(19) + "…" }
}
