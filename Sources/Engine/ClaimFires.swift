package import RotaCore

/// What a look at the schedules came to.
package struct ClaimedFires: Hashable, Sendable {
    /// What this caller is to run, and nobody else does.
    package var claimed: [Fire] = []
    /// What did not run, and does not any more: its window is over.
    package var missed: [Fire] = []
    /// When the next policy fires, later than now; nil without policies.
    package var nextFire: Instant?

    /// The names of the policies that run now.
    package var policies: Set<String> { Set(claimed.map(\.policy)) }
}

/// Claims every fire that is due, and brings the entries of the schedules up to date; within a transaction of
/// the caller, who may begin the run in the same one.
///
/// However many do so at once, each fire has one owner.
package func claimFires(
    of policies: [ScheduledPolicy], at now: Instant, in store: any Store, change: Change
) throws -> ClaimedFires {
    let agenda = Agenda(of: policies, entries: try store.schedules(), at: now)
    for settlement in agenda.settling { _ = try store.settleSchedule(settlement, change: change) }
    for entry in agenda.forgotten { _ = try store.forgetSchedule(entry, change: change) }
    var fires = ClaimedFires(nextFire: agenda.nextFire)
    fires.claimed = try agenda.firing.filter { fire in
        try store.claimFire(
            fire.policy, schedule: fire.schedule, fireInstant: fire.at, next: fire.next, change: change)
    }
    fires.missed = try agenda.missed.filter { fire in
        try store.passFire(
            fire.policy, schedule: fire.schedule, fireInstant: fire.at, next: fire.next, change: change)
    }
    return fires
}
