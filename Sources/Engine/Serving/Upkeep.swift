package import RotaCore

/// What one round of upkeep did.
package struct UpkeepResult: Hashable, Sendable {
    /// Unfinished rotations that were driven on.
    package var recovery: RecoveryResult
    /// How many tokens were marked as past their end.
    package var expired: Int
    /// Of the tokens of `recovery`.
    package var names: [TokenID: String]

    package var isIdle: Bool { recovery.rotations.isEmpty && recovery.retired == 0 && expired == 0 }
}

extension RunUseCase {
    /// What happens on every tick of a daemon, outside schedules and windows: unfinished rotations are driven
    /// on, versions past their overlap retired, and tokens past their end marked.
    package func upkeep() async throws -> UpkeepResult {
        let now = clock.now()
        let recovery = try await rotator.recover(
            change: Change(actor: "rota", at: now, cause: "it was not finished yet"))
        let expired = try await expire(change: Change(actor: "rota", at: clock.now(), cause: "its end has passed"))
        return UpkeepResult(recovery: recovery, expired: expired, names: try await names(of: recovery))
    }
}
