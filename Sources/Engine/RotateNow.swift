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
    ///   - reason: one sentence for the audit log.
    ///   - actor: such as `cli:alice`.
    /// - returns: nil when no token has this id or name.
    package func rotate(
        _ nameOrID: String, overlap: TimeSpan, reason: String, actor: String
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
        return try await rotator.rotate([request]).first
    }

    private func blocked(_ token: Token, _ destinations: [Destination]) -> BlockedReason? {
        guard token.issuer == .rota else { return .issuerNotDriven }
        guard !destinations.isEmpty else { return .noDestination }
        return destinations.allSatisfy { rotator.vaults[$0.vault] != nil } ? nil : .unknownVault
    }
}
