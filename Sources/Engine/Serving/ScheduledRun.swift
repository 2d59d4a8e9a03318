package import RotaCore

/// What a look at the schedules led to.
package struct ScheduledRun: Sendable {
    package var fires: ClaimedFires
    /// Nil when no policy had its turn.
    package var report: RunReport?
}

extension RunUseCase {
    /// Who a scheduled run is done by, in the audit log.
    package static let scheduler: AuditActor = "rota serve"

    /// Runs the policies whose turn it is, and those of a scheduled run that was interrupted.
    ///
    /// A fire is claimed in the transaction that begins its run: each has one run, however many schedulers
    /// there are, and none is lost when one of them dies.
    ///
    /// - parameters:
    ///   - policies: all that are loaded.
    ///   - schedules: when each of them runs.
    ///   - calendar: the freezes that are known beforehand; tokens with their turn in one have another.
    ///   - looking: look for interrupted runs even when no schedule calls for anything, as the first turn
    ///     of a daemon does.
    package func runScheduled(
        policies: PolicySet, schedules: [ScheduledPolicy], calendar: FreezeCalendar? = nil, limits: Limits,
        looking: Bool
    ) async throws -> ScheduledRun {
        let now = clock.now()
        let agenda = try await store.read { store in
            Agenda(of: schedules, entries: try store.schedules(), at: now)
        }
        guard looking || agenda.asksForChanges else {
            return ScheduledRun(fires: ClaimedFires(nextFire: agenda.nextFire))
        }
        let id = newID()
        let loaded = Set(policies.policies.map(\.name))
        let (fires, run) = try await store.write { store in
            try self.claim(schedules, loaded: loaded, as: id, in: store, at: now)
        }
        guard let run else { return ScheduledRun(fires: fires) }
        let report = try await carryThrough(
            run, policies: policies, limits: limits, occasion: .schedules(Timetable(schedules, calendar: calendar)),
            deliverWithin: nil, progress: nil)
        return ScheduledRun(fires: fires, report: report)
    }

    private func claim(
        _ schedules: [ScheduledPolicy], loaded: Set<String>, as id: String, in store: any Store, at now: Instant
    ) throws -> (ClaimedFires, RunRecord?) {
        let change = Change(actor: Self.scheduler, at: now, cause: "its schedule says so", run: id)
        let interrupted = try closeInterrupted(in: store, at: now).filter { $0.actor == Self.scheduler }
        let fires = try claimFires(of: schedules, at: now, in: store, change: change)
        let again = Set(interrupted.flatMap { $0.acting ?? [] }).intersection(loaded)
        let acting = fires.policies.union(again)
        guard !acting.isEmpty else { return (fires, nil) }
        let run = RunRecord(id: id, acting: acting.sorted(), actor: Self.scheduler, startedAt: now)
        try store.beginRun(run, change: change)
        return (fires, run)
    }
}

extension Agenda {
    /// Whether anything is to be written down.
    fileprivate var asksForChanges: Bool {
        !(firing.isEmpty && missed.isEmpty && settling.isEmpty && forgotten.isEmpty)
    }
}
