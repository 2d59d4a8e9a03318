package import JSON
package import RotaCore

/// Notices of coming actions, as they are shown.
package enum NoticeDocument {
    package static let headings = ["policy", "rule", "action", "first told", "last told", "lead time", "not before"]

    package static func json(_ notice: StandingNotice, _ policies: [Policy]) -> JSON {
        [
            "policy": .string(notice.rule.policy), "rule": .string(notice.rule.rule),
            "action": .string(notice.action.rawValue), "first_sent_at": TokenDocument.time(notice.firstSentAt),
            "sent_at": TokenDocument.time(notice.sentAt), "before": .string(notice.lead.description),
            "start": TokenDocument.time(notice.start),
            "not_before": TokenDocument.time(release(of: notice, policies)),
        ]
    }

    package static func row(_ notice: StandingNotice, _ policies: [Policy]) -> [String] {
        [
            notice.rule.policy, notice.rule.rule, notice.action.rawValue, notice.firstSentAt.description,
            notice.sentAt.description, notice.lead.description, release(of: notice, policies)?.description ?? "-",
        ]
    }

    /// From when on the action may be taken; nil where the policy asks for no minimum.
    private static func release(of notice: StandingNotice, _ policies: [Policy]) -> Instant? {
        guard notice.action != .notify else { return nil }
        return policies.first { $0.name == notice.rule.policy }?.minimumNotice.map { notice.firstSentAt + $0 }
    }
}
