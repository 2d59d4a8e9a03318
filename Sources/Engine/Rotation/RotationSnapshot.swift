import Crypto
import RotaCore

/// All that the protocol needs to know of one token, read in one go.
///
/// It is out of date as soon as it is made: every transition is conditional on what it relies on.
struct RotationSnapshot: Sendable {
    var token: Token
    var rotation: Rotation
    var versions: [Version]
    var destinations: [Destination]
    var pushes: [Push]

    /// Nil when the token or its unfinished rotation is gone.
    init?(of id: TokenID, from store: any Store) throws {
        guard let token = try store.token(id), let rotation = try store.rotation(of: id) else { return nil }
        self.token = token
        self.rotation = rotation
        versions = try store.versions(of: id)
        destinations = try store.destinations(of: id)
        pushes = try store.pushes(of: id)
    }

    var pending: Version? { versions.first { $0.state == .pending } }
    var current: Version? { versions.first { $0.state == .current } }
    var authenticatingCount: Int { versions.count { $0.state.authenticates } }

    func push(of version: Int, to destination: Destination) -> Push? {
        pushes.first { $0.version == version && $0.destinationID == destination.id }
    }

    /// Whether we may write over what a destination holds: emptiness, any value that was ever this
    /// token's, or the baseline that was recorded when the destination was adopted.
    func recognises(_ observation: Observation, at destination: Destination) -> Bool {
        guard let value = observation.value else { return true }
        guard let digest = TokenValue.digest(of: value) else { return false }
        return digest == destination.baseline || versions.contains { $0.digest == digest }
    }
}

extension RotationSnapshot {
    /// Whether no destination has come since, nor gone and come back, nor anything else was changed about the token:
    /// who was not looked at may hold an older value (decision 0020).
    func hasSeenEveryDestination(in store: any Store) throws -> Bool {
        try store.token(token.id)?.revision == token.revision
    }

    /// Whether a value was read back in a place that was taken away since: who took it from there has it still, and it
    /// ends with the overlap of its successor, as any other that was given up (decision 0024). Not where it would be
    /// the third one that is valid: no successor could be made then.
    func leavesWithItsConsumers(_ version: Version) -> Bool {
        let present = Set(destinations.map(\.id))
        return authenticatingCount < 3
            && pushes.contains {
                $0.version == version.number && $0.state == .verified && !present.contains($0.destinationID)
            }
    }

    /// Whether a destination was added after the current value was promoted and holds no other value of this token:
    /// it waits for the next rotation, and nobody can be locked out by way of it.
    func isNew(_ destination: Destination, holding observation: Observation) -> Bool {
        guard let current, push(of: current.number, to: destination)?.state != .verified else { return false }
        return !versions.contains { observation.holds($0.digest) }
    }
}

extension Observation {
    /// Whether the destination holds the value with this digest.
    func holds(_ digest: Digest?) -> Bool {
        guard let digest, let value else { return false }
        return TokenValue.digest(of: value) == digest
    }
}
