import Documents
import Engine
import RotaCore

/// The same for people.
extension TimelineDocument {
    func print(on output: Output) {
        output.line("'\(printable(timeline.name))' (\(timeline.tokenID)) as of \(timeline.at)")
        if let reason = timeline.notEvaluated { output.line("no policy is evaluated: \(printable(reason))") }
        for fact in timeline.quarantine.map({ QuarantineDocument.facts($0, at: timeline.at) }) ?? [] {
            output.line("  \(fact.name): \(printable(fact.text))")
        }
        if let missing {
            output.line("it has no value: \(printable(missing.why))")
            output.line("to finish it: \(printable(missing.remedy))")
        }
        for (policy, source) in zip(timeline.policies, policies) {
            let title = "\(policy.policy) (\(policy.mode.rawValue))"
            if let mismatch = policy.mismatch {
                output.line("\n\(printable(title)): not for this token: \(printable(mismatch.description))")
                continue
            }
            output.line("\n" + Style.heading.applied(to: printable(title), on: output))
            let next = ScheduleDocument.next(
                source, for: timeline.tokenID, otherwise: fallback, calendar: calendar, after: timeline.at)
            output.line("  runs next \(next)")
            if let complaint = policy.complaint { output.line("  'when' errs, at \(printable(complaint))") }
            for (rule, source) in zip(policy.rules, source.rules) { print(rule, source, on: output) }
        }
    }

    private func print(_ rule: RuleTimeline, _ source: Rule, on output: Output) {
        let wouldBe = rule.verdict.wouldBe.map { " (else \($0.rawValue))" } ?? ""
        output.line(
            "  \(rule.rule): \(rule.verdict.status.rawValue)\(wouldBe) - \(printable(rule.verdict.reason.message))")
        if let waiver = rule.waiver {
            let approver = waiver.approval.map { ", and \($0.approver.name) approved it" } ?? ""
            output.line(printable("    \(waiver.sentence); \(waiver.requester.name) asked for it\(approver)"))
        }
        if let blocked = rule.blocked {
            output.line("    \(rule.action.rawValue) is blocked: \(blocked.message)")
        }
        let approval = rule.needsApproval ? ", and waits for an approval" : ""
        // No date tells of what is broken at once or not at all.
        if rule.verdict.calls, rule.blocked == nil, rule.start == nil, rule.action != .notify {
            output.line("    \(rule.action.rawValue) is called for\(approval)")
        }
        var dates: [(at: Instant, what: String)] = rule.notices.map {
            (
                $0.at,
                "notice, \($0.before.spoken) before"
                    + ($0.isDue ? ": the next run sends it" : "")
                    + (rule.sendsNotices ? "" : " (a policy that observes sends none)")
            )
        }
        if let standing = rule.standing, !dates.contains(where: { $0.at == standing.sentAt }) {
            dates.append((standing.sentAt, "notice was sent, for \(standing.lead.spoken) before"))
        }
        if let waiver = rule.waiver { dates.append((waiver.endsAt, "the waiver ends")) }
        if let begins = rule.mayBegin {
            dates.append((begins, "\(rule.action.rawValue) may be taken: its notice is old enough then"))
        }
        if let start = rule.start {
            let what = rule.mayBegin == nil ? "begins" : "is called for"
            dates.append((start, "\(rule.action.rawValue) \(what)\(approval)"))
        }
        if let end = rule.overlapEnd {
            // One that is under way has its own, which may have been another.
            let after = rule.verdict.inProgress ? "" : ", after an overlap of \(source.overlap.spoken)"
            dates.append((end, "the previous value ends\(after)"))
        }
        if let revocation = rule.revocation { dates.append((revocation, "revoked, unless it is restored before")) }
        if let end = rule.newEnd { dates.append((end, "the end that it would get")) }
        if let deadline = rule.deadline { dates.append((deadline, "deadline")) }
        for date in dates.sorted(by: { $0.at < $1.at }) {
            output.line("    \(spoken(date.at, from: timeline.at)): \(date.what)")
        }
    }
}
