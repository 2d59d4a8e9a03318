import Engine
import JSON
import RotaCore
import SQLite

/// Saved plans: written once, approved by somebody else, applied or withdrawn once.
extension SQLStore {
    func savedPlan(_ id: String) throws -> SavedPlan? {
        try driver.first(.savedPlan, [.text(id)], Decode.savedPlan)
    }

    func savedPlans(limit: Int) throws -> [SavedPlan] {
        try driver.all(.savedPlans, [.of(limit)], Decode.savedPlan)
    }

    func eachSavedAction(of id: String, in order: SavedActionOrder, _ each: (SavedAction) throws -> Bool) throws {
        let statement: Statement = order == .byToken ? .savedActionsByToken : .savedActions
        try driver.query(statement, [.text(id)]) { row in try each(try Decode.savedAction(row)) }
    }

    func savePlan(_ plan: SavedPlan, actions: some Sequence<SavedAction>, change: Change) throws {
        let number = try driver.first(
            .savePlan,
            [
                .text(plan.id), .text(plan.digest), .text(plan.policiesDigest), .text(plan.instance),
                .integer(plan.generation), .of(plan.at), .of(plan.expiresAt), .text(plan.requester.name),
                .text(plan.requester.account), .of(plan.requester.tokenID?.text), .of(plan.actions),
                .of(plan.needsApproval),
            ]
        ) { $0.integer(0) }
        guard let number else { throw StoreError.failed("the plan \(plan.id) could not be saved") }
        for (place, action) in actions.enumerated() {
            let covers = action.covers.map { JSON.array([.string($0.policy), .string($0.rule)]) }
            try driver.execute(
                .saveAction,
                [
                    .integer(number), .of(place), .of(action.tokenID), .text(action.name), .text(action.owner),
                    .integer(action.revision), .text(action.action.rawValue), .text(action.policy),
                    .text(action.rule), .text(action.parameters), .text(action.reason), .text(action.message),
                    .of(action.deadline), .of(action.blocked?.rawValue), .of(action.hold?.rawValue),
                    .text(JSON.array(covers).serialized()),
                ])
        }
        let details: JSON.Object = [
            "plan": .string(plan.id), "digest": .string(plan.digest), "actions": .integer(plan.actions),
            "requester": .string(plan.requester.name), "needs_approval": .bool(plan.needsApproval),
            "expires_at": .of(plan.expiresAt),
        ]
        var after = details
        after["policies_digest"] = .string(plan.policiesDigest)
        after["account"] = .string(plan.requester.account)
        try audit("plan.save", of: plan.id, change, after)
        try emit("plan.saved", change, details)
    }

    func approvePlan(_ id: String, _ approval: SavedPlan.Approval, change: Change) throws -> Bool {
        let values: [Value] = [
            .text(id), .text(approval.digest), .text(approval.approver), .of(approval.at), .of(approval.expiresAt),
            .text(approval.comment),
        ]
        guard try driver.execute(.approvePlan, values) == 1 else { return false }
        let details: JSON.Object = [
            "plan": .string(id), "digest": .string(approval.digest), "approver": .string(approval.approver),
            "expires_at": .of(approval.expiresAt), "comment": .string(approval.comment),
        ]
        try audit("plan.approve", of: id, change, details)
        try emit("plan.approved", change, details)
        return true
    }

    func withdrawPlan(_ id: String, by name: String, change: Change) throws -> Bool {
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
            .text(id), .of(change.at), .text(change.actor), .text(change.cause), .text(run),
        ]
        guard try driver.execute(.applyPlan, values) == 1 else { return false }
        let details: JSON.Object = ["plan": .string(id)]
        try audit("plan.apply", of: id, change, JSON.Object.joining(details, ["run": .string(run)]))
        try emit("plan.applied", change, details)
        return true
    }

    // MARK: - What waits

    func approvalWaits() throws -> [ApprovalWait] {
        try driver.all(.approvalWaits, []) { row in
            ApprovalWait(
                tokenID: TokenID(row.text(0)), action: try row.word(1), policy: row.text(2), since: row.instant(3))
        }
    }

    func noteApprovalWaits(_ waits: [ApprovalWait], of policy: String, waiting: Int, change: Change) throws {
        for wait in waits {
            try driver.execute(
                .noteApprovalWait,
                [.of(wait.tokenID), .text(wait.action.rawValue), .text(wait.policy), .of(wait.since)])
        }
        let details: JSON.Object = [
            "policy": .string(policy), "new": .integer(waits.count), "waiting": .integer(waiting),
        ]
        try audit("policy.await_approval", of: policy, change, details)
        try emit("policy.approval_needed", change, details)
    }

    func forgetApprovalWaits(of tokens: [TokenID]) throws {
        for id in tokens { try driver.execute(.forgetApprovalWait, [.of(id)]) }
    }
}

extension Decode {
    static func savedPlan(_ row: borrowing Row) throws -> SavedPlan {
        var approval: SavedPlan.Approval?
        if let approver = row.optionalText(12), let at = row.optionalInstant(13), let end = row.optionalInstant(14) {
            approval = SavedPlan.Approval(
                approver: approver, at: at, expiresAt: end, digest: row.text(15), comment: row.text(16))
        }
        var end: SavedPlan.End?
        if let at = row.optionalInstant(17) {
            end = SavedPlan.End(
                try row.word(18), at: at, by: row.text(19), cause: row.text(20), run: row.optionalText(21))
        }
        return SavedPlan(
            id: row.text(0), digest: row.text(1), policiesDigest: row.text(2), instance: row.text(3),
            generation: row.integer(4), at: row.instant(5), expiresAt: row.instant(6),
            requester: Principal(
                name: row.text(7), account: row.text(8), tokenID: row.optionalText(9).map { TokenID($0) }),
            actions: row.count(10), needsApproval: row.integer(11) == 1, approval: approval, end: end)
    }

    static func savedAction(_ row: borrowing Row) throws -> SavedAction {
        SavedAction(
            tokenID: TokenID(row.text(0)), name: row.text(1), owner: row.text(2), revision: row.integer(3),
            action: try row.word(4), policy: row.text(5), rule: row.text(6), parameters: row.text(7),
            reason: row.text(8), message: row.text(9), deadline: row.optionalInstant(10),
            blocked: try row.optionalWord(11), hold: try row.optionalWord(12), covers: covers(row.text(13)))
    }

    private static func covers(_ text: String) -> [RuleReference] {
        guard text != "[]", let list = try? JSON.parse(text, maximumBytes: 1 << 20).array else { return [] }
        return list.compactMap { pair in
            guard let pair = pair.array, pair.count == 2, let policy = pair[0].string, let rule = pair[1].string
            else { return nil }
            return RuleReference(policy: policy, rule: rule)
        }
    }
}
