package import RotaCore

/// The store for many threads at once that only read: each call has it to itself, and sees what is committed.
///
/// For threads that may block, such as those of the HTTP server.
package protocol StoreReaders: Sendable {
    func read<R>(_ body: (any StoreReads) throws -> R) throws -> R

    /// What is known of the value with a digest, exactly as of this moment: a change that was committed before the call
    /// is seen, whoever made it. Nil where it is nobody's.
    func value(with digest: Digest) throws -> KnownValue?
}

/// What whoever answers for a value needs to know of it: less than its token and its version, and small enough for
/// very many to be remembered.
package struct KnownValue: Hashable, Sendable {
    package var tokenID: TokenID
    package var version: Int
    /// Its token is active, and its version is in a state that authenticates.
    package var isInForce: Bool
    /// The end of the token; nil: valid until revoked.
    package var expiresAt: Instant?
    /// The end of the overlap, for one that a newer value has replaced; it may live on past it while it is in use.
    package var endsAt: Instant?
    package var issuedAt: Instant?
    /// A rotation of its token is not over: soon somebody will decide by who uses which of its values.
    package var isInOverlap: Bool
    package var name: String
    package var owner: String
    /// The token's scopes, separated by blanks.
    package var scope: String

    package init(
        tokenID: TokenID, version: Int, isInForce: Bool, expiresAt: Instant? = nil, endsAt: Instant? = nil,
        issuedAt: Instant? = nil, isInOverlap: Bool = false, name: String, owner: String = "", scope: String = ""
    ) {
        self.tokenID = tokenID
        self.version = version
        self.isInForce = isInForce
        self.expiresAt = expiresAt
        self.endsAt = endsAt
        self.issuedAt = issuedAt
        self.isInOverlap = isInOverlap
        self.name = name
        self.owner = owner
        self.scope = scope
    }

    /// Whether it is accepted at `now`.
    package func authenticates(at now: Instant) -> Bool {
        isInForce && expiresAt.map { now < $0 } ?? true
    }

    /// When it ends, as far as is known at `now`: the earlier of its token's end and its own. Nil: not by itself.
    package func end(at now: Instant) -> Instant? {
        guard let endsAt, now < endsAt else { return expiresAt }
        return expiresAt.map { min($0, endsAt) } ?? endsAt
    }

    /// Whether its token has a scope.
    package func has(_ scope: String) -> Bool {
        var rest = self.scope.utf8[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
            if rest[..<end].elementsEqual(scope.utf8) { return true }
            rest = rest[end...].dropFirst()
        }
        return false
    }
}
