package import RotaCore

/// Ends tokens because a person says so: at once, whatever any policy thinks of them.
package struct RevokeUseCase: Sendable {
    /// Each waits for half a minute, as long as the store has patience.
    private static let mostTries = 20

    private let store: StoreQueue
    private let clock: any WallClock

    package init(store: StoreQueue, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Revokes each token in a transaction of its own, in order: when one fails, those before it stay so.
    ///
    /// Once it returns, no value of any of them is accepted, that of an unfinished rotation included.
    ///
    /// - parameters:
    ///   - tokens: ids, or names (of the active token of that name).
    ///   - isEmergency: past a freeze, safe mode and a clock that is suspect; the audit log says so.
    ///   - reason: one sentence, kept with the token and in the audit log.
    ///   - actor: such as `cli:alice`.
    /// - returns: one answer for each, in order.
    package func revoke(
        _ tokens: [String], isEmergency: Bool = false, reason: String, actor: AuditActor
    ) async throws -> [Revocation] {
        var revocations: [Revocation] = []
        for nameOrID in tokens {
            revocations.append(
                try await store.write { [clock] store in
                    // By then: it may have waited for another writer.
                    let change = Change(actor: actor, at: clock.now(), cause: reason)
                    return try Self.revoke(nameOrID, isEmergency, in: store, change)
                })
        }
        return revocations
    }

    /// Revokes one token for a caller that does not wait: `finish` is called, on the store's thread, when none of
    /// its values is accepted any more. Always an emergency: whoever asks over the network cannot be asked back.
    ///
    /// While another process writes, as a large import does, it is tried again: whoever asked may be gone, and would
    /// not ask again.
    ///
    /// - parameter check: throws, within the transaction, where it is not to be done any more.
    package func revoke(
        _ id: TokenID, reason: String, actor: AuditActor,
        provided check: @escaping @Sendable (any StoreReads) throws -> Void = { _ in },
        then finish: @escaping @Sendable (Result<Revocation, any Error>) -> Void
    ) {
        revoke(id, reason, actor, check, triesLeft: Self.mostTries, then: finish)
    }

    private func revoke(
        _ id: TokenID, _ reason: String, _ actor: AuditActor,
        _ check: @escaping @Sendable (any StoreReads) throws -> Void, triesLeft: Int,
        then finish: @escaping @Sendable (Result<Revocation, any Error>) -> Void
    ) {
        store.write({ store in
            try check(store)
            let change = Change(actor: actor, at: clock.now(), cause: reason)
            return try Self.revoke(id.text, true, in: store, change)
        }) { result in
            if triesLeft > 1, case .failure(let error) = result, case .busy? = error as? StoreError {
                return revoke(id, reason, actor, check, triesLeft: triesLeft - 1, then: finish)
            }
            finish(result)
        }
    }

    private static func revoke(
        _ nameOrID: String, _ isEmergency: Bool, in store: any Store, _ change: Change
    ) throws -> Revocation {
        guard let token = try store.token(named: nameOrID) else {
            return Revocation(asked: nameOrID, token: nil, outcome: .unknown)
        }
        let done = try store.revokeToken(token.id, isEmergency: isEmergency, change: change)
        return Revocation(
            asked: nameOrID, token: try store.token(token.id) ?? token, outcome: done ? .done : .alreadyEnded)
    }
}

/// What became of one token that was to be revoked.
package struct Revocation: Hashable, Sendable {
    /// What became of one revocation.
    package enum Outcome: String, Sendable {
        case done
        /// Revoked or expired before: nothing was changed.
        case alreadyEnded = "already-ended"
        /// No token has this id or name.
        case unknown
    }

    /// The id or name as it was given.
    package var asked: String
    /// The token as it is afterwards; nil when it is unknown.
    package var token: Token?
    package var outcome: Outcome
}
