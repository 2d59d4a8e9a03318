import Engine
import JSON
import RotaCore
import SQLite

/// Saved plans: written once, approved by somebody else, applied or withdrawn once.
extension SQLStore {
    func savedPlan(_ id: String) throws -> SavedPlan? {
        try driver.first(.savedPlan, [.text(id)], Decode.savedPlan)
    }

    func savedPlans(before number: Int64?, limit: Int) throws -> [Numbered<SavedPlan>] {
        try driver.all(.savedPlans, [.integer(number ?? .max), .of(limit)]) { row in
            Numbered(row.integer(Self.planColumnCount), try Decode.savedPlan(row))
        }
    }

    private static let planColumnCount = 26

    func openPlans(at now: Instant) throws -> [SavedPlan] {
        try driver.all(.openPlans, [.of(now)], Decode.savedPlan)
    }

    func eachSavedAction(
        of id: String, in order: SavedActionOrder, from place: Int, _ each: (SavedAction) throws -> Bool
    ) throws {
        let statement: Statement = order == .byToken ? .savedActionsByToken : .savedActions
        try driver.query(statement, [.text(id), .of(place)]) { row in try each(try Decode.savedAction(row)) }
    }

    func savedActionCounts(of id: String) throws -> [Action: Int] {
        var counts: [Action: Int] = [:]
        for action in Action.allCases {
            let count = try driver.first(.savedActionCount, [.text(id), .text(action.rawValue)], { $0.count(0) })
            if let count, count > 0 { counts[action] = count }
        }
        return counts
    }

    func savePlan(_ plan: SavedPlan, actions: some Sequence<SavedAction>, change: Change) throws {
        try requireReconciled()
        let number = try driver.first(
            .savePlan,
            [
                .text(plan.id), .of(plan.policy), .text(plan.digest), .text(plan.policiesDigest), .text(plan.instance),
                .integer(plan.generation), .of(plan.at), .of(plan.expiresAt), .text(plan.requester.name),
                .text(plan.requester.account), .of(plan.requester.tokenID?.text), .of(plan.actions),
                .of(plan.needsApproval), .text(plan.generationID),
            ]
        ) { $0.integer(0) }
        guard let number else { throw StoreError.failed("the plan \(plan.id) could not be saved") }
        for (place, action) in actions.enumerated() {
            try driver.execute(
                .saveAction,
                [
                    .integer(number), .of(place), .of(action.tokenID), .text(action.name), .text(action.owner),
                    .integer(action.revision), .text(action.action.rawValue), .text(action.policy),
                    .text(action.rule), .text(action.parameters), .text(action.reason), .text(action.message),
                    .of(action.deadline),
                ])
        }
        let details: JSON.Object = [
            "plan": .string(plan.id), "policy": .of(plan.policy), "digest": .string(plan.digest),
            "actions": .of(plan.actions),
            "requester": .string(plan.requester.name), "needs_approval": .bool(plan.needsApproval),
            "expires_at": .of(plan.expiresAt),
        ]
        var after = details
        after["policies_digest"] = .string(plan.policiesDigest)
        after["account"] = .string(plan.requester.account)
        try audit("plan.save", of: plan.id, change, after)
        try emit(plan.needsApproval ? "plan.approval_needed" : "plan.saved", change, details)
    }

    func approvePlan(_ id: String, _ approval: SavedPlan.Approval, change: Change) throws -> Bool {
        try requireReconciled()
        let values: [Value] = [
            .text(id), .text(approval.digest), .text(approval.approver), .of(approval.at), .of(approval.expiresAt),
            .text(approval.comment), .text(approval.account), .of(approval.tokenID?.text),
        ]
        guard try driver.execute(.approvePlan, values) == 1 else { return false }
        let details: JSON.Object = [
            "plan": .string(id), "digest": .string(approval.digest), "approver": .string(approval.approver),
            "expires_at": .of(approval.expiresAt), "comment": .string(approval.comment),
        ]
        var after = details
        after["account"] = .string(approval.account)
        after["token_id"] = .of(approval.tokenID?.text)
        try audit("plan.approve", of: id, change, after)
        try emit("plan.approved", change, details)
        return true
    }

    func withdrawPlan(_ id: String, by name: String, change: Change) throws -> Bool {
        try requireReconciled()
        let values: [Value] = [.text(id), .of(change.at), .text(name), .text(change.cause)]
        guard try driver.execute(.withdrawPlan, values) == 1 else { return false }
        let details: JSON.Object = ["plan": .string(id), "by": .string(name)]
        try audit("plan.withdraw", of: id, change, details)
        try emit("plan.withdrawn", change, details)
        return true
    }

    func applyPlan(_ id: String, run: String, change: Change) throws -> Bool {
        try requireReleased(at: change.at)
        let values: [Value] = [
            .text(id), .of(change.at), .text(change.actor.name), .text(change.cause), .text(run),
        ]
        guard try driver.execute(.applyPlan, values) == 1 else { return false }
        let details: JSON.Object = ["plan": .string(id)]
        try audit("plan.apply", of: id, change, JSON.Object.joining(details, ["run": .string(run)]))
        try emit("plan.applied", change, details)
        return true
    }
}

extension Decode {
    fileprivate static func savedPlan(_ row: borrowing Row) throws -> SavedPlan {
        var approval: SavedPlan.Approval?
        if let approver = row.optionalText(13), let at = row.optionalInstant(14), let end = row.optionalInstant(15) {
            approval = SavedPlan.Approval(
                approver: approver, account: row.text(24), tokenID: row.optionalText(25).map { TokenID($0) }, at: at,
                expiresAt: end, digest: row.text(16), comment: row.text(17))
        }
        var end: SavedPlan.End?
        if let at = row.optionalInstant(18) {
            end = SavedPlan.End(
                try row.word(19), at: at, by: row.text(20), cause: row.text(21), run: row.optionalText(22))
        }
        return SavedPlan(
            id: row.text(0), policy: row.optionalText(1), digest: row.text(2), policiesDigest: row.text(3),
            instance: row.text(4), generation: row.integer(5), generationID: row.text(23), at: row.instant(6),
            expiresAt: row.instant(7),
            requester: Principal(
                name: row.text(8), account: row.text(9), tokenID: row.optionalText(10).map { TokenID($0) }),
            actions: row.count(11), needsApproval: row.integer(12) == 1, approval: approval, end: end)
    }

    fileprivate static func savedAction(_ row: borrowing Row) throws -> SavedAction {
        SavedAction(
            tokenID: TokenID(row.text(0)), name: row.text(1), owner: row.text(2), revision: row.integer(3),
            action: try row.word(4), policy: row.text(5), rule: row.text(6), parameters: row.text(7),
            reason: row.text(8), message: row.text(9), deadline: row.optionalInstant(10))
    }
}
