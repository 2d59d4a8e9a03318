import Crypto
import RotaCore

extension Rotator {
    /// How many values one pass mints for one token: a lost or rejected one is superseded once.
    private static let mintsPerPass = 2
    /// After how many rejected values of one rotation it is the vault's or the configuration's trouble.
    private static let rejectionsBeforeWaiting = 2
    /// How many times one destination is read before its vault is in trouble.
    private static let readsPerPass = 3

    /// Takes an open rotation as far as it will go: recovery, pre-flight, arming, pushing, promotion.
    ///
    /// - parameter known: how it stood a moment ago, where somebody has just looked.
    func drive(_ id: TokenID, as known: RotationSnapshot? = nil, change: Change) async throws -> RotationResult {
        do {
            let known = if let known { known } else { try await snapshot(of: id) }
            let secrets = known?.destinations.compactMap(sharedSecret) ?? []
            turns.join(secrets)
            defer { turns.part(secrets) }
            let promoted = try await driveToPromotion(id, as: known, change: change)
            return try await retire(id, as: promoted, change: change).0
        } catch let obstacle as Obstacle {
            return try await settle(id, obstacle, change: change)
        } catch StoreError.held(let brake) {
            return try await settle(id, Obstacle(brake.message, kind: .held), change: change)
        }
    }

    private func driveToPromotion(
        _ id: TokenID, as known: RotationSnapshot?, change: Change
    ) async throws -> Overlap? {
        var known = known
        var minted = 0
        var rejection: Obstacle?
        while true {
            let latest = if let known { known } else { try await snapshot(of: id) }
            known = nil
            guard let snapshot = latest, snapshot.rotation.phase == .open else {
                throw Obstacle("another process took the rotation over", kind: .overtaken)
            }
            let value: Secret
            let version: Int
            var observations: [Int64: Observation] = [:]
            if let pending = snapshot.pending {
                switch try await recover(pending, of: snapshot, rejected: rejection != nil, change: change) {
                case .resume(let found): value = found
                case .gone: continue
                }
                version = pending.number
            } else {
                if let rejection, minted >= Self.mintsPerPass { throw rejection }
                guard minted < Self.mintsPerPass else { throw Obstacle("its values were lost twice in one pass") }
                minted += 1
                observations = try await preflight(snapshot)
                value = TokenValue.mint(prefix: snapshot.token.prefix) { random.bytes(64) }
                reached(.minted)
                version = try await arm(value, snapshot, change: change)
            }
            do throws(Obstacle) {
                try await pushEverywhere(value, version: version, of: snapshot, observations: observations)
            } catch {
                guard error.kind == .rejected else { throw error }
                // Superseded once, also over several passes. From then on what is pending is sent again, or where
                // nobody holds it one value a pass; and another lost one would leave no room for a successor.
                let rejections = try await store.write { try $0.noteRejection(snapshot.rotation.id) }
                let superseded = snapshot.versions.contains { $0.state == .unconfirmed }
                guard rejections < Self.rejectionsBeforeWaiting, !superseded else { throw error }
                rejection = error
                continue
            }
            return try await promote(id, version: version, change: change)
        }
    }

    private func snapshot(of id: TokenID) async throws -> RotationSnapshot? {
        try await store.read { try RotationSnapshot(of: id, from: $0) }
    }

    /// Step 2. Every destination is reachable, holds what we may write over, and lets us. Nothing is armed before that.
    private func preflight(_ snapshot: RotationSnapshot) async throws -> [Int64: Observation] {
        guard !snapshot.destinations.isEmpty else { throw Obstacle("it has no destination") }
        var reading = try await read(snapshot.destinations)
        for destination in snapshot.destinations {
            guard let observation = reading.observations[destination.id] else { continue }
            if !snapshot.recognises(observation, at: destination) {
                reading.obstacles.append(try await conflict(observation, at: destination))
            }
        }
        try reading.requireAll()
        reached(.probed)
        for destination in snapshot.destinations {
            let vault = try vault(of: destination)
            do throws(VaultError) {
                try await vault.requireWritable(destination)
            } catch {
                reading.obstacles.append(Obstacle(error, at: destination))
            }
        }
        try reading.requireAll()
        reached(.permitted)
        return reading.observations
    }

    /// What a destination holds that is not written over, in words: another token's value, or one that nobody recorded.
    func conflict(_ observation: Observation, at destination: Destination) async throws -> Obstacle {
        let digest = observation.value.flatMap(TokenValue.digest)
        let what = try await store.read { store in
            guard let digest, let (owner, version) = try store.version(with: digest) else {
                return "a value that rota does not know"
            }
            return "\(version.state.authenticates ? "a" : "an ended") value of the token '\(owner.name)'"
        }
        return Obstacle("\(destination) holds \(what); it was not touched", kind: .conflict)
    }

    /// Reads all destinations at once; throws the trouble when any cannot be read.
    func probeAll(_ destinations: [Destination]) async throws -> [Int64: Observation] {
        let reading = try await read(destinations)
        try reading.requireAll()
        return reading.observations
    }

    /// Reads all destinations at once, each by itself.
    func read(_ destinations: [Destination]) async throws -> DestinationReading {
        try await withThrowingTaskGroup(of: (Int64, Result<Observation, Obstacle>).self) { group in
            for destination in destinations {
                group.addTask {
                    do {
                        return (destination.id, .success(try await probe(destination)))
                    } catch let obstacle as Obstacle {
                        return (destination.id, .failure(obstacle))
                    }
                }
            }
            var reading = DestinationReading()
            for try await (id, result) in group {
                switch result {
                case .success(let observation): reading.observations[id] = observation
                case .failure(let obstacle): reading.obstacles.append(obstacle)
                }
            }
            return reading
        }
    }

    /// Reads one destination; trouble that may pass within seconds is given the time.
    func probe(_ destination: Destination) async throws -> Observation {
        let vault = try vault(of: destination)
        var failures = 0
        while true {
            do throws(VaultError) {
                return try await vault.probe(destination)
            } catch {
                failures += 1
                let trouble = Obstacle(error, at: destination)
                guard error.kind.isPassing, failures < Self.readsPerPass else { throw trouble }
                try await pause(after: failures, trouble)
            }
        }
    }

    /// Step 3. From here on the value authenticates, though nobody has it yet.
    private func arm(_ value: Secret, _ snapshot: RotationSnapshot, change: Change) async throws -> Int {
        guard let digest = TokenValue.digest(of: value) else { throw Obstacle("its value has no digest") }
        let hint = TokenValue.hint(of: value)
        let destinations = snapshot.destinations.map(\.id)
        do {
            let armed = try await store.write { store in
                // One that has come since was not looked at, and would have no row (decision 0020).
                guard try snapshot.hasSeenEveryDestination(in: store) else {
                    throw Obstacle("it was changed while its destinations were looked at", kind: .overtaken)
                }
                return try store.arm(
                    snapshot.rotation.id, digest: digest, hint: hint, destinations: destinations,
                    change: change.at(clock.now()))
            }
            if let armed {
                reached(.armed)
                return armed
            }
        } catch StoreError.refused(let cause, _) {
            throw Obstacle(cause, kind: .overtaken)
        }
        if snapshot.authenticatingCount >= 3 {
            throw Obstacle(
                "three of its values are valid already; no further one is made until one is retired", needsPerson: true)
        }
        throw Obstacle("another process took the rotation over", kind: .overtaken)
    }

    /// Step 7; answers how the overlap stands that it begins.
    private func promote(_ id: TokenID, version: Int, change: Change) async throws -> Overlap? {
        let now = clock.now()
        let (isPromoted, overlap) = try await store.write { store in
            let isPromoted = try store.promote(id, version: version, change: change.at(now))
            return (isPromoted, isPromoted ? try Overlap(of: id, from: store, at: now) : nil)
        }
        if !isPromoted { throw Obstacle("another process took the rotation over", kind: .overtaken) }
        reached(.promoted)
        return overlap
    }

    /// Writes down why a rotation waits, or gives its claim up where it leaves nothing behind.
    private func settle(_ id: TokenID, _ obstacle: Obstacle, change: Change) async throws -> RotationResult {
        let now = clock.now()
        defer { reached(.stalled) }
        return try await store.write { store in
            guard let snapshot = try RotationSnapshot(of: id, from: store) else {
                let isActive = try store.token(id)?.state == .active
                let what = isActive ? "another process has brought it to its end" : "it was revoked"
                return RotationResult(id, .skipped, cause: "\(what) meanwhile")
            }
            let rotation = snapshot.rotation
            if obstacle.kind == .overtaken || obstacle.kind == .held {
                var result = RotationResult(id, .skipped, cause: obstacle.cause)
                result.isBegun = true
                return result
            }
            var closing = change.at(now)
            closing.cause = obstacle.cause
            if try store.closeRotation(rotation.id, change: closing) {
                try noteFailure(of: rotation, obstacle, in: store, closing)
                return obstacle.kind == .conflict
                    ? RotationResult(id, .blocked, blocked: .conflict, cause: obstacle.cause)
                    : RotationResult(id, .failed, cause: obstacle.cause)
            }
            try stall(rotation, obstacle, in: store, at: now)
            return RotationResult(id, .started, cause: obstacle.cause)
        }
    }

    /// What was given up before anything was armed leaves nothing but this. What a person asked for tells him so
    /// itself, and a conflict is told as one.
    private func noteFailure(
        of rotation: Rotation, _ obstacle: Obstacle, in store: any Store, _ change: Change
    ) throws {
        guard let policy = rotation.trigger?.policy else { return }
        if obstacle.kind == .conflict { return try store.forgetFailedAttempts(of: rotation.tokenID, change: change) }
        let failures = (try store.failedAttempts(of: rotation.tokenID)?.count ?? 0) + 1
        try store.noteFailedAttempt(
            of: rotation.tokenID, policy: policy, nextAttemptAt: change.at + wait(after: failures, obstacle),
            tells: isTold(obstacle, after: failures), change: change)
    }

    private func wait(after failures: Int, _ obstacle: Obstacle) -> TimeSpan {
        let wait = max(
            Backoff.betweenPasses.wait(after: failures, random: random),
            min(obstacle.retryAfter?.seconds ?? 0, Backoff.betweenPasses.cap))
        return TimeSpan(seconds: wait)
    }

    /// Where time alone will not mend it, or has not.
    private func isTold(_ obstacle: Obstacle, after failures: Int) -> Bool {
        obstacle.needsPerson || failures >= Self.failuresBeforeTelling
    }

    /// Writes down why it does not get on and when it is tried again.
    func stall(_ rotation: Rotation, _ obstacle: Obstacle, in store: any Store, at now: Instant) throws {
        let failures = rotation.failures + 1
        try store.stall(
            rotation.id, cause: obstacle.cause, nextAttemptAt: now + wait(after: failures, obstacle),
            tells: isTold(obstacle, after: failures), at: now)
    }
}

/// What destinations hold, as far as they could be read.
struct DestinationReading: Sendable {
    /// By the destination's id.
    var observations: [Int64: Observation] = [:]
    /// One for each that could not be read, or that something else is in the way of.
    var obstacles: [Obstacle] = []

    func requireAll() throws(Obstacle) {
        if let obstacle = Obstacle.gravest(of: obstacles) { throw obstacle }
    }
}

extension Change {
    /// The same, at another instant.
    func at(_ instant: Instant) -> Change {
        var change = self
        change.at = instant
        return change
    }
}
