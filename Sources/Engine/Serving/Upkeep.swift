package import RotaCore

/// What one round of upkeep did.
package struct UpkeepResult: Hashable, Sendable {
    /// Unfinished rotations that were driven on.
    package var recovery: RecoveryResult
    /// How many tokens were marked as past their end.
    package var expired: Int
    /// Of the tokens of `recovery`.
    package var names: [TokenID: String]
    package var waiverEnds = WaiverEnds()

    package var isIdle: Bool {
        recovery.rotations.isEmpty && recovery.retired == 0 && expired == 0 && waiverEnds == WaiverEnds()
    }
}

extension RunUseCase {
    /// What happens on every tick of a daemon, outside schedules and windows: tokens past their end are marked,
    /// unfinished rotations are driven on, versions past their overlap retired, and the ends of waivers told.
    ///
    /// - parameter stuck: only the rotations that failed before; else those that did not, and all else. Who
    ///   calls for each by itself lets nobody wait for a vault that does not answer.
    package func upkeep(stuck: Bool) async throws -> UpkeepResult {
        let now = clock.now()
        let expired =
            stuck ? 0 : try await expire(change: Change(actor: "rota", at: now, cause: "its end has passed"))
        let waiverEnds = stuck ? WaiverEnds() : try await tendWaivers()
        let recovery = try await rotator.recover(
            change: Change(actor: "rota", at: now, cause: "it was not finished yet"),
            only: { ($0.failures > 0) == stuck })
        return UpkeepResult(
            recovery: recovery, expired: expired, names: try await names(of: recovery), waiverEnds: waiverEnds)
    }
}
