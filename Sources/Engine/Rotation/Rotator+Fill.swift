import Crypto
import RotaCore

/// An empty destination whose emptiness cannot be fenced is given the current value first (decision 0020): then there
/// is something to write back.
extension Rotator {
    /// Writes the current value over the emptiness that was seen. Nil when it is worth a look: whatever the vault
    /// answers proves nothing.
    func fill(_ fencing: inout Fencing, over emptiness: Observation) async throws -> FenceOutcome? {
        let (destination, snapshot) = (fencing.destination, fencing.snapshot)
        guard let current = snapshot.current else { return .uncertain }
        let others = snapshot.destinations.filter { other in
            other.id != destination.id && vaults[other.vault]?.capabilities.readable ?? false
        }
        let reading = try await read(others)
        func value(of version: Version) -> Secret? {
            reading.observations.values.first { $0.holds(version.digest) }?.value
        }
        if let landed = value(of: fencing.pending) { return .landed(landed) }
        // Nothing but the current value is carried from one place to another, told by its digest.
        guard let value = value(of: current) else {
            try reading.requireAll()
            return .uncertain
        }
        fencing.filling = try await markFilling(fencing, with: current.number, over: emptiness.base)
        do throws(VaultError) {
            try await fencing.vault.write(value, to: destination, over: emptiness)
            fencing.trouble = Obstacle("\(destination): the vault accepted the value but does not hold it")
        } catch {
            fencing.trouble = try passing(error, at: destination)
        }
        return nil
    }

    /// Durable before the first byte leaves: from now on no older version is retired before this one is proved here.
    private func markFilling(_ fencing: Fencing, with current: Int, over base: String) async throws -> Push {
        let push = fencing.push
        let filling = try await store.write { store in
            try store.markFilling(
                fencing.snapshot.token.id, with: current, version: push.version, destination: push.destinationID,
                attempt: push.attempt, base: base, at: clock.now())
        }
        guard let filling else { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        return filling
    }

    /// The current value was read where it was sent to be fenced. Where somebody else has moved its row on meanwhile,
    /// that one proves it.
    func proveFilling(_ fencing: inout Fencing, _ observation: Observation) async throws {
        guard let filling = fencing.filling, filling.state == .sending,
            observation.holds(fencing.snapshot.current?.digest)
        else { return }
        let id = fencing.snapshot.token.id
        _ = try await store.write { store in
            try store.markVerified(
                id, version: filling.version, destination: filling.destinationID, attempt: filling.attempt,
                base: observation.base, at: clock.now())
        }
        fencing.filling = nil
    }
}
