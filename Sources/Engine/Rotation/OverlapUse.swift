import RotaCore

/// What is known of the use of the versions of a rotation that is in its overlap.
struct OverlapUse: Sendable {
    let now: Instant
    private let rotation: Rotation
    /// By version.
    private let lastUses: [Int: Instant]
    private let seen: OverlapEvidence

    init(of snapshot: RotationSnapshot, from store: any StoreReads, at now: Instant) throws {
        self.now = now
        rotation = snapshot.rotation
        lastUses = try store.lastUses(of: snapshot.token.id)
        seen = OverlapEvidence(
            overlap: rotation.overlap, at: now, tracking: try store.tracking(),
            restoredAt: snapshot.token.restoredAt)
    }

    /// When an older version is not waited for any longer.
    func cap(of version: Version) -> Instant {
        (version.endsAt ?? now) + rotation.cap.patience(after: rotation.overlap)
    }

    func isPastCap(_ version: Version) -> Bool { cap(of: version) <= now }

    /// What the store must see before it retires an older version; nil when time alone decides: no overlap was
    /// asked for, or the policy says that it ends at its cap.
    func evidence(for version: Version) -> OverlapEvidence? {
        if rotation.overlap <= .zero || (rotation.cap.revokes && isPastCap(version)) { return nil }
        return seen
    }

    /// Whether the overlap may end now, before its time: the policy wants that, an older value was in use and has
    /// been silent for half of the overlap since the promotion, and a newer one has been seen in use.
    func isOver(for older: [Version]) -> Bool {
        guard rotation.cap.endsWhenIdle, rotation.overlap > .zero, let promotedAt = rotation.promotedAt,
            promotedAt <= seen.silentSince, older.contains(where: { lastUses[$0.number] != nil })
        else { return false }
        return older.allSatisfy { version in
            early.obstacle(lastUse: lastUses[version.number], newerUsed: isNewerUsed(version)) == nil
                && isNewerUsed(version)
        }
    }

    /// What the store must see before it retires an older version before the end of the overlap: however long ago it
    /// was used, a newer one must have been.
    var early: OverlapEvidence {
        var evidence = seen
        evidence.inUseSince = .beginning
        return evidence
    }

    private func isNewerUsed(_ version: Version) -> Bool { lastUses.keys.contains { $0 > version.number } }

    /// Why an older version whose overlap has passed must live on; nil when it need not.
    func obstacle(to version: Version) -> OverlapEvidence.Obstacle? {
        evidence(for: version)?.obstacle(
            lastUse: lastUses[version.number], newerUsed: isNewerUsed(version))
    }
}

/// A rotation in its overlap, and what is known of the use of its versions: read in one go.
struct Overlap: Sendable {
    var snapshot: RotationSnapshot
    var use: OverlapUse

    /// Nil when the token or its unfinished rotation is gone.
    init?(of id: TokenID, from store: any Store, at now: Instant) throws {
        guard let snapshot = try RotationSnapshot(of: id, from: store) else { return nil }
        self.snapshot = snapshot
        use = try OverlapUse(of: snapshot, from: store, at: now)
    }
}

extension OverlapEvidence.Obstacle {
    /// For people. The same for as long as it stands.
    func cause(of version: Int) -> String {
        switch self {
        case .stillUsed:
            "version \(version) has not fallen silent past the cap of its overlap, so it is kept valid"
        case .newerNotSeen:
            "version \(version) was in use and no newer one has been seen past the cap of its overlap, "
                + "so it is kept valid"
        }
    }
}
