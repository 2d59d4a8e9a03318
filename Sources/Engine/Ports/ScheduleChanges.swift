package import RotaCore

/// What becomes of the schedules of policies. All compare and set: false means that somebody else was quicker.
///
/// The audit entries are about `policy:NAME`.
package protocol ScheduleChanges {
    /// Writes an entry where there is none, or in the place of exactly the one that was found.
    func settleSchedule(_ settlement: ScheduleSettlement, change: Change) throws -> Bool
    /// Claims a fire: the entry has this schedule, its next-due is at or before the fire, and from now on the
    /// next one. So each fire of a policy is claimed once, however many schedulers there are, and none after
    /// a later one.
    func claimFire(
        _ policy: String, schedule: String, fireInstant: Instant, next: Instant, change: Change
    ) throws -> Bool
    /// The same for a fire whose window is over: it is passed by, and the policy did not run for it.
    func passFire(
        _ policy: String, schedule: String, fireInstant: Instant, next: Instant, change: Change
    ) throws -> Bool
    /// Takes exactly this entry away, so that a policy that comes back is new.
    func forgetSchedule(_ entry: ScheduleEntry, change: Change) throws -> Bool
}
