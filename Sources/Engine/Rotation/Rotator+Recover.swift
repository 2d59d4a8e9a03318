import Crypto
import RotaCore

/// Where a pending version stands whose value this process does not have.
enum RecoveredValue: Sendable {
    /// A destination holds it: from there on as if nothing had happened.
    case resume(Secret)
    /// It was discarded, or is left to be superseded: a new one is minted.
    case gone
}

extension Rotator {
    /// How many times one destination is fenced in one pass before the rotation waits.
    private static let fencesPerPass = 3

    /// Recovery (DESIGN section 5): take the value from a destination that holds it; else make sure that it
    /// can no longer appear anywhere and discard it; else leave it valid and supersede it.
    ///
    /// - parameter rejected: a vault will not have the value, so that resuming with it leads nowhere.
    func recover(
        _ pending: Version, of snapshot: RotationSnapshot, rejected: Bool, change: Change
    ) async throws -> RecoveredValue {
        let reading = try await read(snapshot.destinations)
        let observations = reading.observations
        reached(.reread)
        // One that holds it is enough to go on: the others get it, and who cannot be read waits for himself alone.
        if !rejected, let value = observations.values.first(where: { $0.holds(pending.digest) })?.value {
            reached(.valueFound)
            return .resume(value)
        }
        // Where it can appear nowhere any more is only known when each of them has been looked at.
        try reading.requireAll()
        var certain = true
        for destination in snapshot.destinations {
            guard let push = snapshot.push(of: pending.number, to: destination), push.attempt > 0 else { continue }
            switch push.state {
            case .unsent, .fenced: continue
            // It was there, and is not any more: consumers may have read it.
            case .verified: certain = false
            case .sending:
                guard let observation = observations[destination.id] else { continue }
                switch try await fence(pending, push, at: destination, seen: observation, of: snapshot) {
                case .fenced: continue
                case .landed(let value):
                    if !rejected { return .resume(value) }
                    certain = false
                case .uncertain: certain = false
                }
            }
        }
        let id = snapshot.token.id
        let uncertain = !certain
        let moved = try await store.write { store in
            uncertain
                ? try store.leaveUnconfirmed(id, version: pending.number, change: change.at(clock.now()))
                : try store.discardPending(id, version: pending.number, change: change.at(clock.now()))
        }
        if !moved { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        reached(uncertain ? .lostKept : .lostRevoked)
        return .gone
    }

    private enum FenceOutcome: Sendable {
        case fenced
        /// The late write came in meanwhile.
        case landed(Secret)
        /// It may have been visible, or may still land.
        case uncertain
    }

    /// Makes a write under the row's base impossible, by writing what is there back under the base at which
    /// it was read. Only a write that was *accepted* proves it, and only one that was read after the row was.
    private func fence(
        _ pending: Version, _ push: Push, at destination: Destination, seen first: Observation,
        of snapshot: RotationSnapshot
    ) async throws -> FenceOutcome {
        let vault = try vault(of: destination)
        guard vault.capabilities.fenceable, vault.capabilities.conditionalWrite else { return .uncertain }
        var known: Observation? = first
        var trouble: Obstacle?
        for turn in 1...Self.fencesPerPass {
            let outcome = try await turns.inTurn(at: sharedSecret(of: destination)) { isShared -> FenceOutcome? in
                // After one's turn has come it may be another state; after a refusal it is.
                let now = if let known, !isShared { known } else { try await self.probe(destination) }
                known = nil
                return try await self.fence(pending, push, at: destination, in: vault, now, trouble: &trouble)
            }
            switch outcome {
            case .fenced?: return try await markFenced(snapshot.token.id, push, destination)
            case let outcome?: return outcome
            case nil: break
            }
            // A refusal may be the pending value landing; an unknown outcome proves nothing either: read again.
            try await clock.sleep(milliseconds: Backoff.withinPass.wait(after: turn, random: random))
        }
        throw trouble ?? Obstacle("\(destination): it changes too fast to be fenced")
    }

    /// One try. Nil when it is worth another one; throws what will not pass.
    private func fence(
        _ pending: Version, _ push: Push, at destination: Destination, in vault: any Vault, _ observation: Observation,
        trouble: inout Obstacle?
    ) async throws -> FenceOutcome? {
        if let value = observation.value, observation.holds(pending.digest) { return .landed(value) }
        if observation.value == nil, !vault.capabilities.fencesEmptiness { return .uncertain }
        if try await mayHaveBeenVisible(pending, push, at: destination, in: vault, observation) { return .uncertain }
        // It writes to a vault, as a sending does.
        if let brake = try await store.brake(at: clock.now()) { throw Obstacle(brake.message, kind: .held) }
        do throws(VaultError) {
            try await vault.fence(destination, at: observation)
            reached(.fenceWritten)
            return .fenced
        } catch {
            let obstacle = Obstacle(error, at: destination)
            guard error.kind.isPassing else { throw obstacle }
            trouble = obstacle
            return nil
        }
    }

    /// Whether somebody may have read the pending value here since the first attempt: the vault's history says so, or
    /// something was accepted since and the vault cannot tell what. What is there now proves nothing: an older value
    /// of ours may have been put back.
    private func mayHaveBeenVisible(
        _ pending: Version, _ push: Push, at destination: Destination, in vault: any Vault,
        _ observation: Observation
    ) async throws -> Bool {
        guard let base = push.firstBase else { return true }
        guard base != observation.base else { return false }
        let digest = pending.digest
        do throws(VaultError) {
            return try await vault.held(
                { TokenValue.digest(of: $0) == digest }, in: destination, after: base, through: observation) ?? true
        } catch {
            throw Obstacle(error, at: destination)
        }
    }

    private func markFenced(
        _ id: TokenID, _ push: Push, _ destination: Destination
    ) async throws -> FenceOutcome {
        let marked = try await store.write { store in
            try store.markFenced(
                id, version: push.version, destination: destination.id, attempt: push.attempt, at: clock.now())
        }
        guard marked else {
            throw Obstacle("another process took the rotation over", kind: .overtaken)
        }
        reached(.fenced)
        return .fenced
    }
}
