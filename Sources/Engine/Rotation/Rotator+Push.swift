import Crypto
import RotaCore

extension Rotator {
    /// Steps 4 to 6 for every destination: a readable, conditional one first, since it is the only log of the
    /// value; then all others at once. Throws the trouble when any of them is not verified.
    func pushEverywhere(
        _ value: Secret, version: Int, of snapshot: RotationSnapshot, observations: [Int64: Observation]
    ) async throws(Obstacle) {
        let destinations = snapshot.destinations.sorted { rank($0) < rank($1) }
        guard let first = destinations.first else { return }
        let push = { @Sendable (destination: Destination) async -> Result<Void, any Error> in
            do {
                try await self.push(
                    value, version: version, to: destination, of: snapshot, seen: observations[destination.id])
                return .success(())
            } catch StoreError.held(let brake) {
                return .failure(Obstacle(brake.message, kind: .held))
            } catch {
                return .failure(error)
            }
        }
        var failures: [any Error] = []
        if case .failure(let error) = await push(first) { failures.append(error) }
        // With the first one failed the others are still tried: one failing vault never delays another.
        await withTaskGroup(of: Result<Void, any Error>.self) { group in
            for destination in destinations.dropFirst() {
                group.addTask { await push(destination) }
            }
            for await result in group {
                if case .failure(let error) = result { failures.append(error) }
            }
        }
        if let obstacle = Obstacle.gravest(of: failures.compactMap { $0 as? Obstacle }) { throw obstacle }
        if let failure = failures.first { throw Obstacle("\(failure)") }
    }

    private func rank(_ destination: Destination) -> Int {
        guard let capabilities = vaults[destination.vault]?.capabilities else { return 3 }
        return (capabilities.readable ? 0 : 2) + (capabilities.conditionalWrite ? 0 : 1)
    }

    /// What one destination's turns know from each other.
    private struct PushProgress {
        var row: Push
        /// What was read already and not yet used.
        var seen: Observation?
        var trouble: Obstacle?
    }

    private enum PushStep: Sendable {
        /// It holds the value, or nobody can read it there and the vault said yes.
        case proved(base: String)
        /// Somebody else has proved it.
        case verified
        /// Worth another turn.
        case tried
        case over
    }

    /// Brings one destination to hold the value, and proves it by reading it back where that can be done.
    private func push(
        _ value: Secret, version: Int, to destination: Destination, of snapshot: RotationSnapshot,
        seen: Observation?
    ) async throws {
        let vault = try vault(of: destination)
        let row = snapshot.push(of: version, to: destination) ?? Push(version: version, destinationID: destination.id)
        var progress = PushProgress(row: row, seen: seen)
        var wentWrong = 0
        // One more read than writes: the last one is the proof of the last write.
        for turn in 0...Self.writesPerPass {
            if let trouble = progress.trouble {
                wentWrong += 1
                try await pause(after: wentWrong, trouble)
            }
            let step = try await turns.inTurn(at: sharedSecret(of: destination)) { isShared in
                if isShared { progress.seen = nil }
                return try await self.step(
                    &progress, value, to: destination, in: vault, of: snapshot, mayWrite: turn < Self.writesPerPass)
            }
            switch step {
            case .proved(let base):
                if try await verify(snapshot.token.id, progress.row, destination, at: base) { return }
                // Somebody sends it anew, or the place went and came back: what was read may not be there any more.
                progress.row = try await currentRow(snapshot.token.id, version, destination)
                if progress.row.state == .verified { return }
                progress.trouble = Obstacle("another process took the rotation over", kind: .overtaken)
                continue
            case .verified: return
            case .tried: continue
            case .over: break
            }
            break
        }
        throw progress.trouble ?? Obstacle("\(destination): the vault accepted the value but does not hold it")
    }

    /// One turn. It begins with a read, which is the proof of the turn before it, the base of this one, and the
    /// discovery of what another process or a lost answer did.
    private func step(
        _ progress: inout PushProgress, _ value: Secret, to destination: Destination, in vault: any Vault,
        of snapshot: RotationSnapshot, mayWrite: Bool
    ) async throws -> PushStep {
        let (id, version) = (snapshot.token.id, progress.row.version)
        let observation: Observation
        do throws(VaultError) {
            if let known = progress.seen {
                observation = known
            } else {
                observation = try await vault.probe(destination)
            }
        } catch {
            progress.trouble = Obstacle(error, at: destination)
            return error.kind.isPassing ? .tried : .over
        }
        progress.seen = nil
        if observation.holds(TokenValue.digest(of: value)) {
            reached(.readBack)
            return .proved(base: observation.base)
        }
        guard mayWrite else { return .over }
        try await requireRecognised(observation, destination, snapshot, version)
        guard let attempt = try await markSending(id, progress.row, vault, destination, observation.base) else {
            progress.row = try await currentRow(id, version, destination)
            if progress.row.state == .verified { return .verified }
            progress.trouble = Obstacle(
                "\(destination): it is older than it was before; "
                    + "was the vault restored, or the secret deleted for good?")
            return .tried
        }
        progress.row.attempt = attempt
        reached(.sending)
        progress.trouble = await write(value, to: destination, in: vault, over: observation)
        reached(.written)
        if let trouble = progress.trouble {
            if trouble.kind == .rejected { throw trouble }
        } else if !vault.capabilities.readable {
            // Nobody can read it there: the vault's yes is all the proof that there will be.
            return .proved(base: observation.base)
        }
        return .tried
    }

    /// The secret that a destination shares with others; nil where its vault keeps each by itself.
    func sharedSecret(of destination: Destination) -> SharedSecret? {
        guard vaults[destination.vault]?.capabilities.fieldsShareBase == true else { return nil }
        return SharedSecret(vault: destination.vault, path: destination.path)
    }

    /// Nil when the vault said yes; the next read tells whether it is so.
    private func write(
        _ value: Secret, to destination: Destination, in vault: any Vault, over observation: Observation
    ) async -> Obstacle? {
        do throws(VaultError) {
            try await vault.write(value, to: destination, over: observation)
            return nil
        } catch {
            return Obstacle(error, at: destination)
        }
    }

    func pause(after failures: Int, _ trouble: Obstacle) async throws {
        let wait = Backoff.withinPass.wait(after: failures, random: random)
        // Who asks us to wait longer than a pass has is waited for between passes.
        if let asked = trouble.retryAfter, asked.seconds * 1000 > Backoff.withinPass.cap { throw trouble }
        try await clock.sleep(milliseconds: max(wait, (trouble.retryAfter?.seconds ?? 0) * 1000))
    }

    /// Step 4: durable before the first byte leaves, with the base of the probe and not of a later read.
    private func markSending(
        _ id: TokenID, _ row: Push, _ vault: any Vault, _ destination: Destination, _ base: String
    ) async throws -> Int? {
        let ordered = vault.capabilities.orderedBases
        return try await store.write { store in
            try store.markSending(
                id, version: row.version, destination: destination.id, attempt: row.attempt, base: base,
                ordered: ordered, at: clock.now())
        }
    }

    /// - parameter row: as it was before the destination was read.
    private func verify(_ id: TokenID, _ row: Push, _ destination: Destination, at base: String) async throws -> Bool {
        let isVerified = try await store.write { store in
            try store.markVerified(
                id, version: row.version, destination: destination.id, attempt: row.attempt, base: base,
                at: clock.now())
        }
        if isVerified { reached(.verified) }
        return isVerified
    }

    private func currentRow(_ id: TokenID, _ version: Int, _ destination: Destination) async throws -> Push {
        let row = try await store.read { store -> Push? in
            guard try store.versions(of: id).contains(where: { $0.number == version && $0.state == .pending }),
                try store.destinations(of: id).contains(where: { $0.id == destination.id })
            else { return nil }
            return try store.pushes(of: id).first { $0.version == version && $0.destinationID == destination.id }
        }
        guard let row else { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        return row
    }

    /// A value that nobody recorded is never written over. Another process may have minted since the
    /// snapshot was made, so it is read again before anything is called foreign.
    private func requireRecognised(
        _ observation: Observation, _ destination: Destination, _ snapshot: RotationSnapshot, _ version: Int
    ) async throws {
        if snapshot.recognises(observation, at: destination) { return }
        let id = snapshot.token.id
        let fresh = try await store.read { try RotationSnapshot(of: id, from: $0) }
        guard let fresh, fresh.pending?.number == version else {
            throw Obstacle("another process took the rotation over", kind: .overtaken)
        }
        if fresh.recognises(observation, at: destination) { return }
        throw try await conflict(observation, at: destination)
    }
}

extension Obstacle {
    /// Which of several is told, with the longest wait that any of them asks for; nil of none.
    static func gravest(of obstacles: [Obstacle]) -> Obstacle? {
        guard var gravest = obstacles.max(by: { $0.gravity < $1.gravity }) else { return nil }
        gravest.retryAfter = obstacles.compactMap(\.retryAfter).max()
        return gravest
    }

    /// What needs a person comes before what passes by itself, of whatever kind: a time-out hides nothing.
    private var gravity: Int {
        switch kind {
        case .overtaken: 0
        case .passing: needsPerson ? 2 : 1
        case .conflict: 3
        case .rejected: 4
        case .held: 5
        }
    }
}

extension VaultError.Kind {
    /// Whether trying again within seconds may help.
    var isPassing: Bool {
        switch self {
        case .refused, .unknownOutcome, .transient: true
        case .rejected, .denied, .missing, .garbled: false
        }
    }
}
