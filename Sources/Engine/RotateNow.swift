package import RotaCore

/// Rotates single tokens because a person says so, by the same protocol as any run.
package struct RotateUseCase: Sendable {
    private let store: StoreQueue
    private let rotator: Rotator
    private let clock: any WallClock

    package init(store: StoreQueue, rotator: Rotator, clock: any WallClock) {
        self.store = store
        self.rotator = rotator
        self.clock = clock
    }

    /// Claims one rotation and drives it as far as it will go. One that is under way already, and that no process is
    /// at, is tried again now, and the result has a remark that says so.
    ///
    /// - parameters:
    ///   - nameOrID: the token's id or name.
    ///   - overlap: how long the previous value stays valid.
    ///   - endsOlder: whether values that are older still end no later than that one, where they were to live on.
    ///   - reason: one sentence for the audit log.
    ///   - actor: such as `cli:alice`.
    /// - returns: nil when no token has this id or name.
    package func rotate(
        _ nameOrID: String, overlap: TimeSpan, endsOlder: Bool = false, reason: String, actor: AuditActor
    ) async throws -> RotationResult? {
        let now = clock.now()
        let found = try await store.read { store in
            try store.token(named: nameOrID).map { token in
                (token, try store.destinations(of: token.id), try store.rotation(of: token.id))
            }
        }
        guard let (token, destinations, unfinished) = found else { return nil }
        guard token.canAuthenticate(at: now) else {
            let state = token.state == .active ? "past its end" : token.state.rawValue
            return RotationResult(token.id, .skipped, cause: "the token is \(state)")
        }
        if let blocked = blocked(token, destinations) {
            return RotationResult(token.id, .blocked, blocked: blocked, cause: blocked.message)
        }
        let change = Change(actor: actor, at: now, cause: reason)
        let result: RotationResult?
        if let unfinished, unfinished.phase == .open {
            result = try await goOn(with: unfinished, change: change)
        } else {
            let request = RotationRequest(
                tokenID: token.id, revision: nil, overlap: overlap, trigger: nil, supersedes: true, change: change)
            result = try await rotator.rotate([request]).first
        }
        guard let result, endsOlder, result.isThrough else { return result }
        var ended = try await endOlder(after: result, within: overlap, change: change)
        if let remark = result.remark, remark != ended.remark {
            ended.remark = ended.remark.map { "\(remark); \($0)" } ?? remark
        }
        return ended
    }

    /// Tries an open rotation again, whoever began it: whoever asks has mended what was in its way, or wants to see.
    private func goOn(with rotation: Rotation, change: Change) async throws -> RotationResult {
        guard var result = try await rotator.resume(rotation, change: change)?.0 else {
            return RotationResult(
                rotation.tokenID, .skipped, cause: "another process is at a rotation of it right now")
        }
        let by = rotation.trigger.map { "policy:\($0.policy)" } ?? rotation.claim.actor.name
        result.remark = "the rotation that \(by) began at \(rotation.claimedAt) was tried again"
        return result
    }

    /// Brings the ends of all older values forward to that of the one which has just been replaced, or to the end of
    /// the overlap where that comes first, and retires those that have come to it.
    ///
    /// After the promotion, and not in it: a value that lives longer than it should does no harm.
    private func endOlder(
        after result: RotationResult, within overlap: TimeSpan, change: Change
    ) async throws -> RotationResult {
        let id = result.tokenID
        var change = change
        change.at = clock.now()
        let ending = change
        do {
            let lowered = try await store.write { store -> [Int] in
                let versions = try store.versions(of: id)
                guard let current = versions.last(where: { $0.state == .current }),
                    let end = versions.last(where: { $0.number < current.number && $0.endsAt != nil })?.endsAt
                else { return [] }
                return try store.lowerEnds(of: id, to: min(end, ending.at + overlap), change: ending)
            }
            guard !lowered.isEmpty else { return result }
        } catch StoreError.held(let brake) {
            return result.remarking("older values end when they were to end: \(brake.message)")
        }
        let recovery = try await rotator.recover(change: ending, only: { $0.tokenID == id })
        guard let ended = recovery.rotations.first else { return result }
        // Held by then: the new value is current all the same.
        return ended.outcome == .skipped ? result.remarking(ended.cause) : ended
    }

    private func blocked(_ token: Token, _ destinations: [Destination]) -> BlockedReason? {
        guard token.issuer == .rota else { return .issuerNotDriven }
        guard !destinations.isEmpty else { return .noDestination }
        return destinations.allSatisfy { rotator.vaults[$0.vault] != nil } ? nil : .unknownVault
    }
}

extension RotationResult {
    /// The new value is current: nothing is left but the overlap.
    package var isThrough: Bool { outcome == .done || outcome == .started && !isStalled }

    fileprivate func remarking(_ remark: String?) -> RotationResult {
        var result = self
        result.remark = remark ?? result.remark
        return result
    }
}

extension RunReport {
    /// Whether it took any action, be it one of an earlier run that it went on with.
    package var hasActed: Bool {
        count(.done) + count(.started) + expired + recovery.retired > 0
            || recovery.rotations.contains(where: \.isThrough)
    }
}
