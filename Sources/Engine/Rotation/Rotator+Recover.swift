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

    /// Recovery (DESIGN section 5): take the value from a destination that holds it, or whose history does
    /// (decision 0033); else make sure that it can no longer appear anywhere and discard it; else leave it valid and
    /// supersede it.
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
                let fencing = try Fencing(
                    pending: pending, push: push, destination: destination, vault: vault(of: destination),
                    snapshot: snapshot)
                switch try await fence(fencing, seen: observation) {
                case .fenced: continue
                case .landed(let value):
                    if !rejected { return .resume(value) }
                    certain = false
                case .uncertain: certain = false
                }
            }
        }
        let id = snapshot.token.id
        let uncertain = !certain || snapshot.leavesWithItsConsumers(pending)
        let moved = try await store.write { store in
            uncertain
                ? try store.leaveUnconfirmed(id, version: pending.number, change: change.at(clock.now()))
                : try store.discardPending(id, version: pending.number, change: change.at(clock.now()))
        }
        if !moved { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        reached(uncertain ? .lostKept : .lostRevoked)
        return .gone
    }

    enum FenceOutcome: Sendable {
        case fenced
        /// It is there now, or its history has it: the write came in meanwhile, or somebody wrote over it.
        case landed(Secret)
        /// It may have been visible, or may still land.
        case uncertain
    }

    /// One destination that a pending value is to be kept out of, and what the tries at it know from each other.
    struct Fencing: Sendable {
        let pending: Version
        let push: Push
        let destination: Destination
        let vault: any Vault
        let snapshot: RotationSnapshot
        /// The current version's row there, where it has one.
        var filling: Push?
        var trouble: Obstacle?

        init(
            pending: Version, push: Push, destination: Destination, vault: any Vault, snapshot: RotationSnapshot
        ) {
            self.pending = pending
            self.push = push
            self.destination = destination
            self.vault = vault
            self.snapshot = snapshot
            filling = snapshot.current.flatMap { snapshot.push(of: $0.number, to: destination) }
        }

        /// Whether a place was seen to hold it that holds it no more: nothing is sent there before the next value.
        var isProvedElsewhere: Bool {
            snapshot.pushes.contains { $0.version == pending.number && $0.state == .verified }
        }

        /// Whether what was seen there is an emptiness that has to be filled first.
        func isToBeFilled(_ observation: Observation) -> Bool {
            observation.value == nil && !vault.capabilities.fencesEmptiness
        }
    }

    /// Makes a write under the row's base impossible, by writing what is there back under the base at which
    /// it was read. Only a write that was *accepted* proves it, and only one that was read after the row was.
    private func fence(_ fencing: Fencing, seen first: Observation) async throws -> FenceOutcome {
        let capabilities = fencing.vault.capabilities
        guard capabilities.fenceable, capabilities.conditionalWrite else { return .uncertain }
        var fencing = fencing
        var known: Observation? = first
        for turn in 1...Self.fencesPerPass {
            let secret = sharedSecret(of: fencing.destination)
            let outcome = try await turns.inTurn(at: secret) { isShared -> FenceOutcome? in
                // After one's turn has come it may be another state; after a refusal it is.
                let now = if let known, !isShared { known } else { try await self.probe(fencing.destination) }
                known = nil
                return try await self.fence(&fencing, now)
            }
            switch outcome {
            case .fenced?: return try await markFenced(fencing)
            case let outcome?: return outcome
            case nil: break
            }
            // A refusal may be the pending value landing; an unknown outcome proves nothing either: read again.
            try await clock.sleep(milliseconds: Backoff.withinPass.wait(after: turn, random: random))
        }
        throw fencing.trouble ?? Obstacle("\(fencing.destination): it changes too fast to be fenced")
    }

    /// One try. Nil when it is worth another one; throws what will not pass.
    private func fence(_ fencing: inout Fencing, _ observation: Observation) async throws -> FenceOutcome? {
        if let value = observation.value, observation.holds(fencing.pending.digest) { return .landed(value) }
        switch try await past(of: fencing, observation) {
        case .never: break
        case .found(let value): return fencing.isProvedElsewhere ? .uncertain : .landed(value)
        case .unknown: return .uncertain
        }
        if fencing.isToBeFilled(observation) { return try await fill(&fencing, over: observation) }
        try await proveFilling(&fencing, observation)
        // It writes to a vault, as a sending does.
        if let brake = try await store.brake(at: clock.now()) { throw Obstacle(brake.message, kind: .held) }
        do throws(VaultError) {
            try await fencing.vault.fence(fencing.destination, at: observation)
            reached(.fenceWritten)
        } catch {
            fencing.trouble = try passing(error, at: fencing.destination)
            return nil
        }
        return try await proveFence(&fencing, over: observation)
    }

    /// A yes is no proof, here as after a push: an accepted write shows by its base, with what was there before. Nil
    /// where it does not, so that all is looked at anew.
    private func proveFence(_ fencing: inout Fencing, over before: Observation) async throws -> FenceOutcome? {
        let after = try await probe(fencing.destination)
        if let value = after.value, after.holds(fencing.pending.digest) { return .landed(value) }
        let isAsBefore = after.value.flatMap(TokenValue.digest) == before.value.flatMap(TokenValue.digest)
        guard after.base != before.base, isAsBefore else {
            fencing.trouble = Obstacle("\(fencing.destination): the vault accepted a write that cannot be seen there")
            return nil
        }
        return .fenced
    }

    /// What another try may get past; throws what will not pass.
    func passing(_ error: VaultError, at destination: Destination) throws -> Obstacle {
        let obstacle = Obstacle(error, at: destination)
        guard error.kind.isPassing else { throw obstacle }
        return obstacle
    }

    /// Whether somebody may have read the pending value here since the first attempt: the vault's history says so, or
    /// something was accepted since and the vault cannot tell what. What is there now proves nothing: an older value
    /// of ours may have been put back. A filling would be such a something: a vault without a history gets none.
    private func past(of fencing: Fencing, _ observation: Observation) async throws -> PastValue {
        guard let base = fencing.push.firstBase else { return .unknown }
        guard base != observation.base || fencing.isToBeFilled(observation) else { return .never }
        let digest = fencing.pending.digest
        do throws(VaultError) {
            return try await fencing.vault.held(
                { TokenValue.digest(of: $0) == digest }, in: fencing.destination, after: base, through: observation)
        } catch {
            throw Obstacle(error, at: fencing.destination)
        }
    }

    private func markFenced(_ fencing: Fencing) async throws -> FenceOutcome {
        let push = fencing.push
        let isMarked = try await store.write { store in
            try store.markFenced(
                fencing.snapshot.token.id, version: push.version, destination: push.destinationID,
                attempt: push.attempt, at: clock.now())
        }
        guard isMarked else { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        reached(.fenced)
        return .fenced
    }
}
