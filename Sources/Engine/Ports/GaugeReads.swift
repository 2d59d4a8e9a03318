package import RotaCore

/// How many of what there is, for whoever asks each minute: counted by the database, so that no row comes up.
package protocol GaugeReads {
    /// Rotations that are claimed and not promoted.
    func countOpenRotations() throws -> Int
    /// Rotations that something is in the way of: before their promotion, or in their overlap.
    func countStalledRotations() throws -> Int
    /// Rotations of policies that could not begin.
    func countFailedAttempts() throws -> Int
    func blockCounts() throws -> [BlockedReason: Int]
    func countWaivers(inForceAt now: Instant) throws -> Int
    /// Saved plans that need an approval and have none.
    func countPlans(awaitingApprovalAt now: Instant) throws -> Int
    /// The run that ended last, however it ended.
    func lastFinishedRun() throws -> RunRecord?
    /// When the oldest run that has not ended began; nil where none is under way.
    func unfinishedRunStart() throws -> Instant?
}
