import Documents
import Engine
import RotaCore

/// That a condition could not be answered: nothing is done about those tokens, and nothing else tells so.
enum ConditionRemark {
    /// - parameter unanswered: of how many of the tokens that were looked at each policy could not tell, by its name.
    static func print(_ unanswered: [String: Int], on output: Output) {
        for (policy, count) in unanswered.sorted(by: { $0.key < $1.key }) {
            output.warning(
                "the condition of '\(printable(policy))' errs for \(counted(count, "token")) of those that were looked "
                    + "at, and nothing is done about them; 'rota policy explain' says why")
        }
    }
}

/// That a run that somebody asked for acts at a time that a policy keeps clear.
enum WindowRemark {
    static func print(
        _ plan: Plan, _ policies: [Policy], otherwise fallback: Schedule, calendar: FreezeCalendar?,
        on output: Output
    ) {
        let acting = Set(plan.actions.lazy.filter { !$0.waiting && $0.blocked == nil }.map(\.policy))
        for policy in policies where acting.contains(policy.name) {
            let schedule = policy.schedule ?? fallback
            guard !schedule.admits(schedule.previous(atOrBefore: plan.at), at: plan.at) else { continue }
            let next = ScheduleDocument.next(policy, otherwise: fallback, calendar: calendar, after: plan.at)
            output.warning(
                "'\(printable(policy.name))' acted outside its window, since 'rota run' keeps none; by 'rota serve' it "
                    + "runs next \(next)")
        }
    }
}
