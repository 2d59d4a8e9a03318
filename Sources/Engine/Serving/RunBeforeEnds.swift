package import RotaCore

/// What a look at the tokens came to that would end before the next runs of their policies.
package struct RunBeforeEnds: Sendable {
    /// What is to be done before the schedules say so, in the order of a plan.
    package var actions: [PlannedAction] = []
    /// What would have to be, and is beyond the pace of its policy: earlier runs of this kind, or this one, take it up
    /// until the schedule's next.
    package var waiting: [PlannedAction] = []
    /// Why none of it is done: it is over a limit. Nil within the limits.
    package var refusal: String?
    /// Nil when nothing was to be done, or all of it is refused.
    package var report: RunReport?
}

extension RunUseCase {
    /// Who such a run is done by, in the audit log. Not the scheduler: one that is interrupted is not made up for by
    /// all that its policies call for, but by the next look.
    package static let endWatcher: AuditActor = "rota serve, before an end"

    /// Rotates what would end before the policy that renews it runs again, and nothing else. What has been begun so
    /// since the last run of a policy's schedule counts for its pace and its limits.
    ///
    /// - parameters:
    ///   - policies: all that are loaded.
    ///   - schedules: when each of them runs.
    ///   - calendar: the freezes that are known beforehand, in which none of them does.
    package func runBeforeEnds(
        policies: PolicySet, schedules: [ScheduledPolicy], calendar: FreezeCalendar? = nil, limits: Limits
    ) async throws -> RunBeforeEnds {
        let occasion = Occasion.endings(Timetable(schedules, calendar: calendar))
        let part = occasion.part(of: policies)
        guard !part.policies.isEmpty else { return RunBeforeEnds() }
        let request = PlanRequest(
            policies: part, limits: limits, vaults: Set(rotator.vaults.keys), at: clock.now(), occasion: occasion)
        let planned = try await store.read { try makePlan(request, from: $0) }
        var result = RunBeforeEnds(
            actions: planned.plan.actions.filter(\.takesEffect),
            waiting: planned.plan.actions.filter { $0.waiting && !$0.awaitsApproval },
            refusal: planned.refusal)
        // Of a policy that asks for an approval nothing is done at once; but it is asked for in time.
        if result.refusal == nil { try await askBeforeEnds(planned.plan, policies, limits: limits) }
        // What cannot be done is told by the runs of the policies; each minute would be too often.
        guard !result.actions.isEmpty, result.refusal == nil else { return result }
        let run = RunRecord(
            id: newID(), acting: part.policies.map(\.name).sorted(), actor: Self.endWatcher, startedAt: clock.now())
        let change = Change(
            actor: run.actor, at: run.startedAt, cause: "tokens would end before the next runs of their policies",
            run: run.id)
        try await store.write { try $0.beginRun(run, change: change) }
        result.report = try await carryThrough(
            run, policies: policies, limits: limits, occasion: occasion, deliverWithin: nil, progress: nil)
        return result
    }
}
