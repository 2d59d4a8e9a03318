package import RotaCore

/// A rotation that a person asked for and that came to nothing. Nobody goes on with it, as with one of a policy.
package struct FailedRotation: Hashable, Sendable {
    /// How many of the newest rotations are looked through.
    static let lookBack = 100_000

    package var token: Token
    package var rotation: Rotation

    /// Why, for people.
    package var cause: String { rotation.cause ?? "not known" }

    /// Nil when it does not matter any more: the token has ended or has a newer value, has never had one (which is
    /// told by itself), or another rotation of it is on its way.
    init?(_ rotation: Rotation, in store: some StoreReads) throws {
        guard let token = try store.token(rotation.tokenID), token.end == nil,
            let current = token.values.current, current == rotation.fromVersion,
            try store.rotation(of: token.id)?.phase != .open
        else { return nil }
        self.token = token
        self.rotation = rotation
    }
}

extension StoreReads {
    /// What persons asked for and did not get, newest first; of each token the last one.
    package func failedRotations() throws -> [FailedRotation] {
        var seen: Set<TokenID> = []
        return try givenUpRotations(ofNewest: FailedRotation.lookBack)
            .filter { seen.insert($0.tokenID).inserted }
            .compactMap { try FailedRotation($0, in: self) }
    }
}
