import Documents
import Engine
import JSON
import RotaCore

/// What `policy explain` shows.
struct TimelineDocument {
    private let timeline: Timeline
    private let missing: MissingValue?
    /// In the order of the timeline's.
    private let policies: [Policy]
    /// Of policies without one of their own.
    private let fallback: Schedule
    private let calendar: FreezeCalendar?

    init(
        timeline: Timeline, missing: MissingValue?, policies: [Policy], schedule: Schedule,
        calendar: FreezeCalendar?
    ) {
        self.timeline = timeline
        self.missing = missing
        self.policies = policies
        fallback = schedule
        self.calendar = calendar
    }

    // MARK: JSON

    var json: JSON {
        [
            "token_id": .string(timeline.tokenID.text), "name": .string(timeline.name),
            "at": TokenDocument.time(timeline.at), "not_evaluated": TokenDocument.text(timeline.notEvaluated),
            "quarantine": QuarantineDocument.json(timeline.quarantine),
            "without_value": missing?.json ?? .null,
            "policies": .array(zip(timeline.policies, policies).map(json)),
        ]
    }

    private func json(_ policy: PolicyTimeline, _ source: Policy) -> JSON {
        let schedule = source.schedule ?? fallback
        return [
            "policy": .string(policy.policy), "mode": .string(policy.mode.rawValue),
            "file": .string(policy.file),
            "selected": .bool(policy.mismatch == nil),
            "mismatch": TokenDocument.text(policy.mismatch?.description),
            "when": TokenDocument.text(source.condition?.source),
            "condition_error": TokenDocument.text(policy.complaint),
            "schedule": .string(schedule.description),
            "next_run": TokenDocument.time(
                schedule.opportunity(for: timeline.tokenID, after: timeline.at, calendar: calendar)),
            "rules": .array(zip(policy.rules, source.rules).map(json)),
        ]
    }

    private func json(_ rule: RuleTimeline, _ source: Rule) -> JSON {
        [
            "rule": .string(rule.rule), "action": .string(rule.action.rawValue),
            "status": .string(rule.verdict.status.rawValue), "reason": .string(rule.verdict.reason.code),
            "message": .string(rule.verdict.reason.message),
            "would_be": TokenDocument.text(rule.verdict.wouldBe?.rawValue),
            "waiver": rule.waiver.map { $0.json(at: timeline.at, name: timeline.name) } ?? .null,
            "blocked": TokenDocument.text(rule.blocked?.rawValue),
            "notices": .array(rule.notices.map { TokenDocument.time($0.at) }),
            "notices_sent": .bool(rule.sendsNotices),
            "notice": rule.standing.map { NoticeDocument.json($0, policies) } ?? .null,
            "may_begin": TokenDocument.time(rule.mayBegin),
            "start": TokenDocument.time(rule.start), "deadline": TokenDocument.time(rule.deadline),
            "revoke_at": TokenDocument.time(rule.revocation), "new_end": TokenDocument.time(rule.newEnd),
            "needs_approval": .bool(rule.needsApproval),
            "overlap_end": TokenDocument.time(rule.overlapEnd),
            "overlap_seconds": rule.action == .rotate ? .integer(source.overlap.seconds) : .null,
        ]
    }

    // MARK: Text

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
