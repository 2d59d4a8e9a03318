import RotaCore

extension Rotator {
    /// How soon an older value that is still in use is looked at again, in seconds.
    private static let patience: Int64 = 300
    /// The same where only what was watched last may be missing, which is written down once a minute.
    private static let untilWritten: Int64 = 60

    /// Steps 8 to 10: when the overlap has passed and the consumers have changed over, every destination is
    /// read once more, and older versions are retired where all hold the current value. Answers how many were.
    ///
    /// - parameter known: how it stood a moment ago, where somebody has just looked.
    func retire(_ id: TokenID, as known: Overlap? = nil, change: Change) async throws -> (RotationResult, Int) {
        let now = clock.now()
        let found =
            if let known { known } else { try await store.read { try Overlap(of: id, from: $0, at: now) } }
        guard let found else { return (RotationResult(id, .done), 0) }
        let (snapshot, use) = (found.snapshot, found.use)
        let older = snapshot.versions.filter { $0.state == .previous || $0.state == .unconfirmed }
        let ended = older.filter { version in
            guard let end = version.endsAt else { return false }
            return end <= now && settledAt(version, snapshot).map { $0 <= now } ?? true
        }
        guard !ended.isEmpty else { return try await retireEarly(snapshot, older, use, change: change) }
        let over = ended.filter { use.obstacle(to: $0) == nil }
        guard !over.isEmpty else { return (try await prolong(snapshot, ended, use, change: change), 0) }
        do {
            try await requireCurrentEverywhere(snapshot)
        } catch let obstacle as Obstacle {
            return (try await hold(snapshot, obstacle, at: now), 0)
        }
        reached(.guarded)
        let (retired, remark) = try await store.write { store in
            guard try snapshot.hasSeenEveryDestination(in: store) else { return (0, String?.none) }
            var (retired, remarks) = (0, [String]())
            for version in over {
                var ending = change.at(now)
                let remark = try use.remark(onEnding: version, in: store)
                if let remark { ending.cause = remark }
                let isRetired = try store.retire(
                    id, version: version.number, evidence: use.evidence(for: version), inUse: remark != nil,
                    change: ending)
                guard isRetired else { continue }
                retired += 1
                if let remark { remarks.append(remark) }
            }
            return (retired, remarks.isEmpty ? nil : remarks.joined(separator: "; "))
        }
        reached(.retired)
        var (result, count) = try await conclude(
            (over, ended, older), retired, snapshot, use, change: change)
        result.remark = remark
        return (result, count)
    }

    /// What is left of an overlap once some of its versions have been retired.
    private func conclude(
        _ versions: (over: [Version], ended: [Version], older: [Version]), _ retired: Int,
        _ snapshot: RotationSnapshot, _ use: OverlapUse, change: Change
    ) async throws -> (RotationResult, Int) {
        let (over, ended, older) = versions
        let (id, now) = (snapshot.token.id, use.now)
        if retired < over.count {
            // A use that was written down meanwhile counts, too.
            let latest = try await store.read { try OverlapUse(of: snapshot, from: $0, at: now) }
            if over.contains(where: { latest.obstacle(to: $0) != nil }) {
                return (try await prolong(snapshot, ended, latest, change: change), retired)
            }
            let obstacle = Obstacle(
                "the current value is not verified everywhere that an older one was sent to, or a destination came "
                    + "while they were looked at")
            return (try await hold(snapshot, obstacle, at: now), retired)
        }
        if over.count < ended.count {
            return (try await prolong(snapshot, ended, use, change: change), retired)
        }
        return (RotationResult(id, retired == older.count ? .done : .started), retired)
    }

    /// Before the overlap has passed: where the policy ends it with the last consumer of the older value, that one is
    /// looked for again and again.
    private func retireEarly(
        _ snapshot: RotationSnapshot, _ older: [Version], _ use: OverlapUse, change: Change
    ) async throws -> (RotationResult, Int) {
        let (id, rotation, now) = (snapshot.token.id, snapshot.rotation, use.now)
        guard !older.isEmpty, rotation.cap.endsWhenIdle else {
            return (RotationResult(id, older.isEmpty ? .done : .started), 0)
        }
        let isSettled = older.allSatisfy { settledAt($0, snapshot).map { $0 <= now } ?? true }
        if isSettled, use.isOver(for: older) {
            do {
                try await requireCurrentEverywhere(snapshot)
            } catch let obstacle as Obstacle {
                return (try await hold(snapshot, obstacle, at: now), 0)
            }
            let isRetired = try await store.write { store in
                guard try snapshot.hasSeenEveryDestination(in: store) else { return false }
                return try store.retireEarly(id, older.map(\.number), evidence: use.early, change: change.at(now))
            }
            if isRetired { return (RotationResult(id, .done), older.count) }
        }
        // Somebody still uses it, or nobody the new one yet.
        let next = (older.compactMap(\.endsAt) + [now + TimeSpan(seconds: Self.patience)]).min() ?? now
        try await store.write { try $0.prolongOverlap(rotation.id, cause: nil, nextAttemptAt: next, at: now) }
        return (RotationResult(id, .started), 0)
    }

    /// From when on no late write can bring back an older value where a write has no condition: such a one was
    /// begun before the current value was made, and waits for a network or a stopped process. Nil where the
    /// value was never sent to such a destination.
    private func settledAt(_ version: Version, _ snapshot: RotationSnapshot) -> Instant? {
        let wasSent = snapshot.destinations.contains { destination in
            let isConditional = vaults[destination.vault]?.capabilities.conditionalWrite ?? true
            return !isConditional && snapshot.push(of: version.number, to: destination).map { $0.attempt > 0 } ?? false
        }
        return wasSent ? snapshot.current?.issuedAt.map { $0 + Destination.longestPause } : nil
    }

    /// An older value is in use, so it lives on; past the cap somebody is told.
    private func prolong(
        _ snapshot: RotationSnapshot, _ ended: [Version], _ use: OverlapUse, change: Change
    ) async throws -> RotationResult {
        let rotation = snapshot.rotation
        let waiting = ended.filter { use.obstacle(to: $0) != nil }
        let capped = waiting.lazy.compactMap { version in use.obstaclePastCap(to: version).map { (version, $0) } }.first
        let caps = waiting.map { use.cap(of: $0) }.filter { $0 > use.now }
        // Past a cap it is only to be told by what is written down, and that is at most a minute behind.
        let isUnsettled = capped == nil && waiting.contains(where: use.isPastCap)
        let patience = TimeSpan(seconds: isUnsettled ? Self.untilWritten : Self.patience)
        let next = ([use.now + patience] + caps).min() ?? use.now
        let cause = capped.map { version, obstacle in obstacle.cause(of: version.number) }
        try await store.write { store in
            try store.prolongOverlap(rotation.id, cause: cause, nextAttemptAt: next, at: use.now)
            guard let (version, _) = capped, let cause else { return }
            var alarm = change.at(use.now)
            alarm.cause = cause
            _ = try store.raiseAlarm(rotation.id, version: version.number, change: alarm)
        }
        return RotationResult(snapshot.token.id, .started, cause: cause)
    }

    /// Step 9, the guard: a vault that was restored, or written to by somebody else, may hold an older value;
    /// retiring that one would lock its consumers out.
    private func requireCurrentEverywhere(_ snapshot: RotationSnapshot) async throws {
        // What cannot be read is not proof, neither for nor against.
        let readable = snapshot.destinations.filter { vaults[$0.vault]?.capabilities.readable ?? true }
        let observations = try await probeAll(readable)
        for destination in readable {
            guard let observation = observations[destination.id],
                observation.holds(snapshot.current?.digest) || snapshot.isNew(destination, holding: observation)
            else {
                throw Obstacle(
                    "\(destination) does not hold the current value, so the previous one is kept valid")
            }
        }
    }

    private func hold(_ snapshot: RotationSnapshot, _ obstacle: Obstacle, at now: Instant) async throws
        -> RotationResult
    {
        try await store.write { try stall(snapshot.rotation, obstacle, in: $0, at: now) }
        return RotationResult(snapshot.token.id, .started, cause: obstacle.cause)
    }
}
