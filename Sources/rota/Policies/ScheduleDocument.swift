import Documents
import JSON
import RotaCore

/// When policies run by themselves, as it is shown.
enum ScheduleDocument {
    /// One object for each policy, with its next fires, and which of its runs is the next that is not frozen; one
    /// without a schedule has none.
    static func json(
        _ policies: [Policy], otherwise fallback: Schedule?, calendar: FreezeCalendar?, after now: Instant, fires: Int
    ) -> JSON {
        .array(
            policies.map { policy in
                let schedule = policy.schedule ?? fallback
                return [
                    "policy": .string(policy.name), "schedule": TokenDocument.text(schedule?.description),
                    "own": .bool(policy.schedule != nil), "zone": TokenDocument.text(schedule?.zone.name),
                    "fires": .array(
                        (schedule?.fires(after: now, count: fires) ?? []).map { TokenDocument.time($0) }),
                    "acts_next": TokenDocument.time(schedule?.nextActing(after: now, calendar: calendar)),
                ]
            })
    }

    /// Nothing where no policy has a schedule.
    static func print(
        _ policies: [Policy], otherwise fallback: Schedule?, calendar: FreezeCalendar?, after now: Instant, fires: Int,
        on output: Output
    ) {
        var table = Table(
            ["policy", "schedule", "next"], on: output, title: "Next runs by schedule")
        for policy in policies {
            guard let schedule = policy.schedule ?? fallback else { continue }
            let times = schedule.fires(after: now, count: fires).map { schedule.zone.localTime(of: $0) }
            table.add([policy.name, name(policy, schedule), times.joined(separator: ", ")])
        }
        table.finish()
        printHeldBack(policies, otherwise: fallback, calendar: calendar, after: now, on: output)
    }

    /// Policies whose next run the calendar holds back, and when they act instead.
    static func printHeldBack(
        _ policies: [Policy], otherwise fallback: Schedule?, calendar: FreezeCalendar?, after now: Instant,
        on output: Output
    ) {
        for policy in policies {
            guard let schedule = policy.schedule ?? fallback else { continue }
            let next = schedule.nextActing(after: now, calendar: calendar)
            guard next != schedule.nextTurn(after: now) else { continue }
            let when = next.map { "acts next at \(spoken($0, schedule, from: now))" } ?? never
            output.line("'\(printable(policy.name))' \(when): its next run is frozen by the calendar")
        }
    }

    private static let never = "does not act within \(Schedule.farthest)"

    private static func spoken(_ instant: Instant, _ schedule: Schedule, from now: Instant) -> String {
        "\(schedule.zone.localTime(of: instant)) (\(distance(to: instant, from: now)))"
    }

    /// When a policy runs next and is not frozen, for a sentence: `at Wed 2026-11-25T03:00:00Z (in 17 hours), by …`.
    ///
    /// - parameter id: of a token that has a turn of its own within a spread; nil for the policy as a whole.
    static func next(
        _ policy: Policy, for id: TokenID? = nil, otherwise fallback: Schedule, calendar: FreezeCalendar?,
        after now: Instant
    ) -> String {
        let schedule = policy.schedule ?? fallback
        func next(_ calendar: FreezeCalendar?) -> Instant? {
            id.map { schedule.opportunity(for: $0, after: now, calendar: calendar) }
                ?? schedule.nextActing(after: now, calendar: calendar)
        }
        let whose = policy.schedule == nil ? "by the default schedule" : "by its schedule"
        let (acting, plain) = (next(calendar), next(nil))
        let when = acting.map { "at \(spoken($0, schedule, from: now))" } ?? "at no time within \(Schedule.farthest)"
        let held = acting == plain ? "" : "; what comes before is frozen by the calendar"
        return "\(when), \(whose): \(schedule)\(held)"
    }

    private static func name(_ policy: Policy, _ schedule: Schedule) -> String {
        policy.schedule == nil ? "\(schedule) (default)" : schedule.description
    }
}
