import Engine
import JSON
import RotaCore
import SQLite

/// Waivers: asked for once, approved by somebody else, told of before their end, and kept when that has come.
extension SQLStore {
    /// In bytes, of what tokens have to match.
    private static let longestMatch = 65_536

    func waiver(_ id: String) throws -> Waiver? {
        try driver.first(.waiver, [.text(id)], Decode.waiver)
    }

    func eachWaiver(before number: Int64?, _ each: (Numbered<Waiver>) throws -> Bool) throws {
        try driver.query(.waivers, [.integer(number ?? .max)]) { row in
            try each(Numbered(row.integer(21), try Decode.waiver(row)))
        }
    }

    func waiversInForce(at now: Instant) throws -> [Waiver] {
        try driver.all(.waiversInForce, [.of(now)], Decode.waiver)
    }

    func waiversInForce(at now: Instant, of policy: String, about id: TokenID) throws -> [Waiver] {
        try driver.all(.waiversAbout, [.text(policy), .of(now), .of(id)], Decode.waiver)
    }

    func waiversAskedFor(at now: Instant, of policy: String) throws -> [Waiver] {
        try driver.all(.waiversAskedFor, [.text(policy), .of(now)], Decode.waiver)
    }

    func waiversEnding(by end: Instant) throws -> [Waiver] {
        try [Waiver.State.requested, .active].flatMap { state in
            try driver.all(.waiversEnding, [.text(state.rawValue), .of(end)], Decode.waiver)
        }
    }

    func requestWaiver(_ waiver: Waiver, change: Change) throws {
        try requireReconciled()
        var token: TokenID?
        var selector: String?
        switch waiver.subject {
        case .token(let id): token = id
        case .matching(let match):
            let text = match.json.serialized()
            guard text.utf8.count <= Self.longestMatch else {
                throw StoreError.refused("a waiver of so many conditions is not kept", hint: "ask with fewer of them")
            }
            selector = text
        }
        try driver.execute(
            .requestWaiver,
            [
                .text(waiver.id), .of(token?.text), .of(selector), .text(waiver.policy), .of(waiver.rule),
                .text(waiver.reason), .text(waiver.requester.name), .text(waiver.requester.account),
                .of(waiver.requester.tokenID?.text), .of(waiver.requestedAt), .of(waiver.endsAt),
            ])
        try tell("waiver.request", "waiver.requested", waiver.id, from: nil, change)
    }

    func approveWaiver(_ id: String, _ approval: Waiver.Approval, change: Change) throws -> Bool {
        try requireReconciled()
        let values: [Value] = [
            .text(id), .text(approval.approver.name), .text(approval.approver.account),
            .of(approval.approver.tokenID?.text), .of(approval.at), .text(approval.comment),
        ]
        let former = try waiver(id)
        guard try driver.execute(.approveWaiver, values) == 1 else { return false }
        try tell("waiver.approve", "waiver.approved", id, from: former, change)
        return true
    }

    func tellWaiverEnd(_ id: String, lead: TimeSpan, change: Change) throws -> Bool {
        let former = try waiver(id)
        guard try driver.execute(.tellWaiverEnd, [.text(id), .of(lead), .of(change.at)]) == 1 else { return false }
        try tell(
            "waiver.notice", "waiver.expiring", id, from: former, change, ["before_seconds": .integer(lead.seconds)])
        return true
    }

    func expireWaiver(_ id: String, change: Change) throws -> Bool {
        let former = try waiver(id)
        guard try driver.execute(.expireWaiver, ending(id, by: change.actor.name, change)) == 1 else { return false }
        try tell("waiver.expire", "waiver.expired", id, from: former, change)
        return true
    }

    func withdrawWaiver(_ id: String, by name: String, change: Change) throws -> Bool {
        let former = try waiver(id)
        guard try driver.execute(.withdrawWaiver, ending(id, by: name, change)) == 1 else { return false }
        try tell("waiver.withdraw", "waiver.withdrawn", id, from: former, change)
        return true
    }

    private func ending(_ id: String, by name: String, _ change: Change) -> [Value] {
        [.text(id), .of(change.at), .text(name), .text(change.cause)]
    }

    /// Writes the audit entry and the event of a change, both with the waiver as it is after it.
    private func tell(
        _ action: String, _ type: String, _ id: String, from former: Waiver?, _ change: Change,
        _ more: JSON.Object = [:]
    ) throws {
        guard let waiver = try waiver(id) else { throw StoreError.failed("there is no waiver \(id)") }
        let name = try tokenName(of: waiver)
        let after = JSON.Object.joining(["waiver": waiver.json(at: change.at, name: name)], more)
        let who: JSON.Object = [
            "requester_token": .of(waiver.requester.tokenID?.text),
            "approver_account": .of(waiver.approval?.approver.account),
            "approver_token": .of(waiver.approval?.approver.tokenID?.text),
            "told_lead": waiver.toldLead.map { .integer($0.seconds) } ?? .null,
            "state": .string(waiver.state.rawValue),
        ]
        var before: JSON.Object = [:]
        if let former, former.state != waiver.state { before["state"] = .string(former.state.rawValue) }
        if let lead = former?.toldLead, lead != waiver.toldLead { before["told_lead"] = .integer(lead.seconds) }
        try audit(action, of: id, change, before: before, .joining(after, who))
        guard case .token(let token) = waiver.subject else { return try emit(type, change, after) }
        try emit(type, about: token, change, after)
    }
}

extension Decode {
    fileprivate static func waiver(_ row: borrowing Row) throws -> Waiver {
        let id = row.text(0)
        let subject: Waiver.Subject
        if let token = row.optionalText(2) {
            subject = .token(TokenID(token))
        } else {
            let match = row.optionalText(3).flatMap { try? JSON.parse($0, maximumBytes: 1 << 20) }
            guard let selector = match.flatMap({ Selector($0) }) else {
                throw StoreError.failed("what the waiver \(id) is for cannot be read")
            }
            subject = .matching(selector)
        }
        let requester = Principal(
            name: row.text(7), account: row.text(8), tokenID: row.optionalText(9).map { TokenID($0) })
        return Waiver(
            id: id, subject: subject, policy: row.text(4), rule: row.optionalText(5), reason: row.text(6),
            requester: requester, requestedAt: row.instant(10), endsAt: row.instant(11), state: try row.word(1),
            approval: approval(row), toldLead: row.optionalInteger(17).map(TimeSpan.init(seconds:)),
            ending: ending(row))
    }

    private static func approval(_ row: borrowing Row) -> Waiver.Approval? {
        guard let approver = row.optionalText(12), let at = row.optionalInstant(15) else { return nil }
        let principal = Principal(
            name: approver, account: row.optionalText(13) ?? "", tokenID: row.optionalText(14).map { TokenID($0) })
        return Waiver.Approval(approver: principal, at: at, comment: row.optionalText(16) ?? "")
    }

    private static func ending(_ row: borrowing Row) -> Waiver.Ending? {
        guard let at = row.optionalInstant(18) else { return nil }
        return Waiver.Ending(at: at, by: row.optionalText(19) ?? "", cause: row.optionalText(20) ?? "")
    }
}
