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

    /// Claims one rotation and drives it as far as it will go.
    ///
    /// - parameters:
    ///   - nameOrID: the token's id or name.
    ///   - overlap: how long the previous value stays valid.
    ///   - endsOlder: whether values that are older still end no later than that one, where they were to live on.
    ///   - reason: one sentence for the audit log.
    ///   - actor: such as `cli:alice`.
    /// - returns: nil when no token has this id or name.
    package func rotate(
        _ nameOrID: String, overlap: TimeSpan, endsOlder: Bool = false, reason: String, actor: String
    ) async throws -> RotationResult? {
        let now = clock.now()
        let found = try await store.read { store in
            try store.token(named: nameOrID).map { ($0, try store.destinations(of: $0.id)) }
        }
        guard let (token, destinations) = found else { return nil }
        guard token.canAuthenticate(at: now) else {
            let state = token.state == .active ? "past its end" : token.state.rawValue
            return RotationResult(token.id, .skipped, cause: "the token is \(state)")
        }
        if let blocked = blocked(token, destinations) {
            return RotationResult(token.id, .blocked, blocked: blocked, cause: blocked.message)
        }
        let request = RotationRequest(
            tokenID: token.id, revision: nil, overlap: overlap, trigger: nil, supersedes: true,
            change: Change(actor: actor, at: now, cause: reason))
        guard let result = try await rotator.rotate([request]).first else { return nil }
        return endsOlder && result.isThrough ? try await endOlder(after: result, change: request.change) : result
    }

    /// Brings the ends of all older values forward to that of the one which has just been replaced, and retires those
    /// that have come to it.
    ///
    /// After the promotion, and not in it: a value that lives longer than it should does no harm.
    private func endOlder(after result: RotationResult, change: Change) async throws -> RotationResult {
        let id = result.tokenID
        var change = change
        change.at = clock.now()
        let ending = change
        let lowered = try await store.write { store -> [Int] in
            let versions = try store.versions(of: id)
            guard let current = versions.last(where: { $0.state == .current }),
                let end = versions.last(where: { $0.number < current.number && $0.endsAt != nil })?.endsAt
            else { return [] }
            return try store.lowerEnds(of: id, to: end, change: ending)
        }
        guard !lowered.isEmpty else { return result }
        let recovery = try await rotator.recover(change: ending, only: { $0.tokenID == id })
        return recovery.rotations.first ?? result
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
}

extension RunReport {
    /// Whether it took any action, be it one of an earlier run that it went on with.
    package var hasActed: Bool {
        count(.done) + count(.started) + expired + recovery.retired > 0
            || recovery.rotations.contains(where: \.isThrough)
    }
}
