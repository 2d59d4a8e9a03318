package import RotaCore

/// Takes tokens out of use because a person says so, in such a way that they can be put back.
package struct QuarantineUseCase: Sendable {
    private let store: StoreQueue
    private let clock: any WallClock

    package init(store: StoreQueue, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Once it returns `done`, no value of the token is accepted, until it is restored.
    ///
    /// - parameters:
    ///   - reason: one sentence, kept with the token and in the audit log.
    ///   - actor: such as `cli:alice`.
    package func quarantine(_ id: TokenID, reason: String, actor: AuditActor) async throws -> QuarantineResult {
        let change = Change(actor: actor, at: clock.now(), cause: reason)
        return try await store.write { try Self.quarantine(id, in: $0, change) }
    }

    /// The same within a transaction.
    package static func quarantine(_ id: TokenID, in store: any Store, _ change: Change) throws -> QuarantineResult {
        let done = try store.quarantineToken(id, by: nil, change: change)
        let token = try store.token(id)
        return QuarantineResult(token: token, refusal: done ? nil : obstacle(to: token, at: change.at))
    }

    /// Once it returns `done`, the values that authenticated before do so again.
    package func restore(_ id: TokenID, reason: String, actor: AuditActor) async throws -> QuarantineResult {
        let change = Change(actor: actor, at: clock.now(), cause: reason)
        return try await store.write { try Self.restore(id, in: $0, change) }
    }

    /// The same within a transaction.
    package static func restore(_ id: TokenID, in store: any Store, _ change: Change) throws -> QuarantineResult {
        let done = try store.restoreToken(id, change: change)
        let token = try store.token(id)
        return QuarantineResult(token: token, refusal: done ? nil : hindrance(to: token, at: change.at))
    }

    private static func obstacle(to token: Token?, at now: Instant) -> QuarantineResult.Refusal {
        guard let token else { return .unknown }
        if token.state == .quarantined { return .already }
        if token.issuer != .rota { return .issuerNotDriven }
        if !token.canAuthenticate(at: now) { return .ended }
        return .rotating
    }

    private static func hindrance(to token: Token?, at now: Instant) -> QuarantineResult.Refusal {
        guard let token else { return .unknown }
        if token.state == .active { return .already }
        if token.state != .quarantined || token.expiresAt.map({ $0 <= now }) ?? false { return .ended }
        return .issuerNotDriven
    }
}

/// What became of it.
package struct QuarantineResult: Hashable, Sendable {
    /// Why nothing was done.
    package enum Refusal: String, Sendable {
        /// It is as it was to be.
        case already
        case ended
        case issuerNotDriven = "issuer-not-driven"
        /// A new value is on its way to its places.
        case rotating
        case unknown
    }

    /// As it is afterwards.
    package var token: Token?
    /// Nil when it was done.
    package var refusal: Refusal?
}
