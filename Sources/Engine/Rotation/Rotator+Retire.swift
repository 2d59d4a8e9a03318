import RotaCore

extension Rotator {
    /// Steps 8 to 10: when the overlap has passed, every destination is read once more, and older versions
    /// are retired where all hold the current value. Answers how many were.
    func retire(_ id: TokenID, change: Change) async throws -> (RotationResult, Int) {
        let now = clock.now()
        guard let snapshot = try await store.read({ try RotationSnapshot(of: id, from: $0) }) else {
            return (RotationResult(id, .done), 0)
        }
        let older = snapshot.versions.filter { $0.state == .previous || $0.state == .unconfirmed }
        let ended = older.filter { $0.endsAt.map { $0 <= now } ?? false }
        guard !ended.isEmpty else {
            return (RotationResult(id, older.isEmpty ? .done : .started), 0)
        }
        do {
            try await requireCurrentEverywhere(snapshot)
        } catch let obstacle as Obstacle {
            return (try await hold(snapshot, obstacle, at: now), 0)
        }
        let retired = try await store.write { store in
            try ended.filter { try store.retire(id, version: $0.number, change: change.at(now)) }.count
        }
        if retired < ended.count {
            let obstacle = Obstacle("the current value is not verified everywhere that an older one was sent to")
            return (try await hold(snapshot, obstacle, at: now), retired)
        }
        return (RotationResult(id, retired == older.count ? .done : .started), retired)
    }

    /// Step 9, the guard: a vault that was restored, or written to by somebody else, may hold an older value;
    /// retiring that one would lock its consumers out.
    private func requireCurrentEverywhere(_ snapshot: RotationSnapshot) async throws {
        let observations = try await probeAll(snapshot.destinations)
        for destination in snapshot.destinations {
            guard let observation = observations[destination.id],
                observation.holds(snapshot.current?.digest)
            else {
                throw Obstacle(
                    "\(destination) does not hold the current value, so the previous one is kept valid")
            }
        }
    }

    private func hold(_ snapshot: RotationSnapshot, _ obstacle: Obstacle, at now: Instant) async throws
        -> RotationResult
    {
        let rotation = snapshot.rotation
        let wait = Backoff.betweenPasses.wait(after: rotation.failures + 1, random: random)
        try await store.write { store in
            try store.stall(
                rotation.id, cause: obstacle.cause, nextAttemptAt: now + TimeSpan(seconds: wait), at: now)
        }
        return RotationResult(snapshot.token.id, .started, cause: obstacle.cause)
    }
}
