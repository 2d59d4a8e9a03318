import Engine
package import JSON
package import RotaCore

/// What `policy explain` shows.
package struct TimelineDocument {
    package let timeline: Timeline
    package let missing: MissingValue?
    /// In the order of the timeline's.
    package let policies: [Policy]
    /// Of policies without one of their own.
    package let fallback: Schedule
    package let calendar: FreezeCalendar?

    package init(
        timeline: Timeline, missing: MissingValue?, policies: [Policy], schedule: Schedule,
        calendar: FreezeCalendar?
    ) {
        self.timeline = timeline
        self.missing = missing
        self.policies = policies
        fallback = schedule
        self.calendar = calendar
    }

    package var json: JSON {
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
}
