import RotaCore

/// What is known of the use of the versions of a rotation that is in its overlap.
struct OverlapUse: Sendable {
    let now: Instant
    private let rotation: Rotation
    /// By version.
    private let lastUses: [Int: Instant]
    private let seen: OverlapEvidence
    /// The same, were all watched until now that may be.
    private let perhapsSeen: OverlapEvidence

    /// How far behind the time what is written down of an overlap may be: a heartbeat comes once a minute, and speaks
    /// for the time before the uses that wait, which is a minute, too.
    private static let longestUnwritten = TimeSpan(seconds: 150)

    init(of snapshot: RotationSnapshot, from store: any StoreReads, at now: Instant) throws {
        self.now = now
        rotation = snapshot.rotation
        lastUses = try store.lastUses(of: snapshot.token.id)
        let (overlap, tracking) = (rotation.overlap, try store.tracking())
        let restoredAt = snapshot.token.restoredAt
        seen = OverlapEvidence(overlap: overlap, at: now, tracking: tracking, restoredAt: restoredAt)
        perhapsSeen = OverlapEvidence(
            overlap: overlap, at: now, tracking: tracking.reaching(to: now, ifWrittenWithin: Self.longestUnwritten),
            restoredAt: restoredAt)
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

    /// What is in its way past the cap, whatever a tracker has watched and not written down yet; nil where that may be
    /// all that is missing, so that nobody is to be told. Once all that was watched until the cap is written down, that
    /// alone counts: a short overlap would else pass for silent each time that uses wait to be written.
    func obstaclePastCap(to version: Version) -> OverlapEvidence.Obstacle? {
        guard isPastCap(version), evidence(for: version) != nil else { return nil }
        return now >= cap(of: version) + Self.longestUnwritten ? obstacle(to: version) : needed(version)
    }

    /// Who needs a version, whatever was watched and is not written down yet.
    private func needed(_ version: Version) -> OverlapEvidence.Obstacle? {
        perhapsSeen.obstacle(lastUse: lastUses[version.number], newerUsed: isNewerUsed(version))
    }
}

extension OverlapUse {
    /// What is to be said where a version ends at its cap that is still needed as far as is known, and by whom it was
    /// used last; nil where it is not.
    func remark(onEnding version: Version, in store: any StoreReads) throws -> String? {
        guard rotation.overlap > .zero, rotation.cap.revokes, isPastCap(version), let obstacle = needed(version),
            let last = try store.lastUse(of: rotation.tokenID, version: version.number)?.accepted
        else { return nil }
        let who = [("from", last.sources), ("by", last.agents)].filter { !$0.1.isEmpty }.map { word, seen in
            " \(word) \((seen.texts + (seen.more ? ["others"] : [])).joined(separator: ", "))"
        }
        let why =
            switch obstacle {
            case .stillUsed(let at) where perhapsSeen.silentSince == .beginning:
                "its uses were not watched for long enough to tell whether it still was in use: last at \(at)"
            case .stillUsed(let at): "was still in use: last at \(at)"
            case .newerNotSeen(let at): "no newer one has been seen in use: it was used last at \(at)"
            }
        return "version \(version.number) ended at the cap of its overlap, and \(why)\(who.joined())"
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
