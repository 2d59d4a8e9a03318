import JSON
import RotaCore

/// When policies run by themselves, as it is shown.
enum ScheduleDocument {
    /// One object for each policy, with its next fires; one without a schedule has none.
    static func json(_ policies: [Policy], otherwise fallback: Schedule?, after now: Instant, fires: Int) -> JSON {
        .array(
            policies.map { policy in
                let schedule = policy.schedule ?? fallback
                return [
                    "policy": .string(policy.name), "schedule": TokenDocument.text(schedule?.description),
                    "own": .bool(policy.schedule != nil), "zone": TokenDocument.text(schedule?.zone.name),
                    "fires": .array(
                        (schedule?.fires(after: now, count: fires) ?? []).map { TokenDocument.time($0) }),
                ]
            })
    }

    /// Nothing where no policy has a schedule.
    static func print(
        _ policies: [Policy], otherwise fallback: Schedule?, after now: Instant, fires: Int, on output: Output
    ) {
        var table = Table(
            ["policy", "schedule", "next"], on: output, title: "Next runs by schedule")
        for policy in policies {
            guard let schedule = policy.schedule ?? fallback else { continue }
            let times = schedule.fires(after: now, count: fires).map { schedule.zone.localTime(of: $0) }
            table.add([policy.name, name(policy, schedule), times.joined(separator: ", ")])
        }
        table.finish()
    }

    /// When a policy runs next, for a sentence: `Wed 2026-11-25T03:00:00Z (in 17 hours), by its schedule`.
    ///
    /// - parameter id: of a token that has a turn of its own within a spread; nil for the policy as a whole.
    static func next(
        _ policy: Policy, for id: TokenID? = nil, otherwise fallback: Schedule, after now: Instant
    ) -> String {
        let schedule = policy.schedule ?? fallback
        let next = id.map { schedule.opportunity(for: $0, after: now) } ?? schedule.next(after: now)
        let whose = policy.schedule == nil ? "by the default schedule" : "by its schedule"
        return "\(schedule.zone.localTime(of: next)) (\(distance(to: next, from: now))), \(whose): \(schedule)"
    }

    private static func name(_ policy: Policy, _ schedule: Schedule) -> String {
        policy.schedule == nil ? "\(schedule) (default)" : schedule.description
    }
}
