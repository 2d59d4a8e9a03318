package import RotaCore

/// A rotation that stands still: something is in its way, and a later run tries it again.
package struct StalledRotation: Hashable, Sendable {
    /// As an action that is started, with its cause; or skipped, where a brake keeps it. One that a person asked for
    /// has no policy.
    package var action: RecordedAction
    package var nextAttemptAt: Instant
}

extension RunUseCase {
    /// The rotations that stand still now, whether this pass tried them or their time has not come.
    ///
    /// - parameter brake: what has kept this pass from all of them: those that are due are told, too.
    func stalledRotations(under brake: Brake?) async throws -> [StalledRotation] {
        let now = clock.now()
        return try await store.read { store in
            var rotations = try store.stalledRotations()
            if brake != nil {
                let known = Set(rotations.map(\.id))
                rotations += try store.dueRotations(at: now).filter { !known.contains($0.id) }
            }
            return try rotations.compactMap { rotation in
                // In quarantine an overlap waits for a person, and is not tried.
                guard let token = try store.token(rotation.tokenID), token.state != .quarantined else { return nil }
                return StalledRotation(rotation, of: token, under: brake, at: now)
            }
        }
    }
}

extension StalledRotation {
    fileprivate init(_ rotation: Rotation, of token: Token, under brake: Brake?, at now: Instant) {
        let trigger = rotation.trigger
        action = RecordedAction(
            run: rotation.claim.run ?? "", tokenID: token.id, name: token.name, action: .rotate,
            policy: trigger?.policy ?? "", rule: trigger?.rule ?? "", reason: trigger?.reason ?? "",
            message: trigger?.message ?? rotation.claim.cause, deadline: trigger?.deadline,
            outcome: brake == nil ? .started : .skipped, cause: brake?.message ?? rotation.cause, at: now)
        nextAttemptAt = rotation.nextAttemptAt
    }
}
