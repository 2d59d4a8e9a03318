import Engine
import JSON
import RotaCore
import SQLite

/// Notices of coming actions.
extension SQLStore {
    func notices(of id: TokenID) throws -> [StandingNotice] {
        try driver.all(.noticesOfToken, [.of(id)], Decode.notice)
    }

    func policiesOfNotices() throws -> [String] {
        var names: [String] = []
        // No policy has an empty name.
        func next() throws -> String? {
            try driver.first(.nextPolicyOfNotices, [.text(names.last ?? "")]) { $0.optionalText(0) } ?? nil
        }
        while let name = try next() { names.append(name) }
        return names
    }

    func eachNotice(of policy: String, _ each: (TokenID, StandingNotice) throws -> Bool) throws {
        try driver.query(.noticesOfPolicy, [.text(policy)]) { try each(TokenID($0.text(8)), Decode.notice($0)) }
    }

    func sendNotice(_ notice: DueNotice, of id: TokenID, change: Change) throws -> Bool {
        let standing = notice.standing
        let values: [Value] = [
            .of(id), .text(standing.rule.policy), .text(standing.rule.rule), .text(standing.action.rawValue),
            .of(standing.origin), .of(standing.start), .integer(standing.lead.seconds), .of(standing.firstSentAt),
            .of(standing.sentAt),
        ]
        guard try driver.execute(.sendNotice, values) == 1 else { return false }
        let details = notice.details
        try audit(
            "notice.send", of: id.text, change,
            .joining(
                details,
                ["origin": .of(standing.origin), "start": .of(standing.start), "sent_at": .of(standing.sentAt)]))
        try emit("token.action_due", about: id, change, details)
        return true
    }

    func withdrawNotice(_ notice: StandingNotice, of id: TokenID, change: Change) throws -> Bool {
        let values: [Value] = [
            .of(id), .text(notice.rule.policy), .text(notice.rule.rule), .text(notice.action.rawValue),
            .of(notice.firstSentAt), .of(notice.sentAt),
        ]
        guard try driver.execute(.withdrawNotice, values) == 1 else { return false }
        try audit(
            "notice.withdraw", of: id.text, change,
            [
                "policy": .string(notice.rule.policy), "rule": .string(notice.rule.rule),
                "action": .string(notice.action.rawValue), "first_sent_at": .of(notice.firstSentAt),
            ])
        return true
    }
}

extension DueNotice {
    /// What receivers route it by.
    fileprivate var details: JSON.Object {
        let reason = coming.verdict.reason
        return [
            "policy": .string(coming.rule.policy), "rule": .string(coming.rule.rule),
            "action": .string(coming.action.rawValue), "mode": .string(mode.rawValue),
            "reason": .string(reason.code), "message": .string(reason.message),
            "deadline": .of(begins), "rule_deadline": .of(coming.verdict.deadline),
            "days_left": .integer(daysLeft), "seconds_left": .integer(left.seconds),
            "stage": [
                "index": .integer(Int64(stage)), "of": .integer(Int64(stages)), "before": .string(lead.description),
                "before_seconds": .integer(lead.seconds),
            ],
            "first_sent_at": .of(firstSentAt),
        ]
    }
}

extension Decode {
    /// Without the token.
    fileprivate static func notice(_ row: borrowing Row) throws -> StandingNotice {
        StandingNotice(
            rule: RuleReference(policy: row.text(0), rule: row.text(1)), action: try row.word(2),
            origin: row.optionalInstant(3), start: row.optionalInstant(4), lead: TimeSpan(seconds: row.integer(5)),
            firstSentAt: row.instant(6), sentAt: row.instant(7))
    }
}
