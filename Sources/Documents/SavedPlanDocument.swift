package import Engine
package import JSON
package import RotaCore

/// A saved plan as it is shown.
package enum SavedPlanDocument {
    /// `ready` can be applied now, as far as is known; `stale` never, since it was made by other policies.
    ///
    /// - parameter loaded: the digest of the policies as they are now; nil where that is not known.
    package static func status(_ plan: SavedPlan, at now: Instant, _ loaded: String? = nil) -> String {
        if let end = plan.end { return end.kind.rawValue }
        if plan.expiresAt <= now { return "expired" }
        if let loaded, loaded != plan.policiesDigest { return "stale" }
        if plan.approval(at: now) != nil { return "approved" }
        return plan.needsApproval ? "awaiting-approval" : "ready"
    }

    /// The end that an action would give its token now; nil where it gives none, or its plan cannot be applied.
    package static func newEnd(
        _ action: SavedAction, of plan: SavedPlan, _ policies: PolicySet?, at now: Instant
    ) -> Instant? {
        guard action.action == .setExpiry, plan.end == nil, plan.expiresAt > now, let policies,
            policies.digest == plan.policiesDigest
        else { return nil }
        return policies.policies.newEnd(of: action.tokenID, by: action.rule, of: action.policy, at: now)
    }

    package static func json(_ plan: SavedPlan, at now: Instant, _ loaded: String? = nil) -> JSON {
        [
            "id": .string(plan.id), "digest": .string(plan.digest), "at": TokenDocument.time(plan.at),
            "policies_digest": .string(plan.policiesDigest), "generation": .integer(plan.generation),
            "policy": TokenDocument.text(plan.policy), "status": .string(status(plan, at: now, loaded)),
            "actions": .integer(plan.actions),
            "requester": .string(plan.requester.name), "account": .string(plan.requester.account),
            "expires_at": TokenDocument.time(plan.expiresAt), "needs_approval": .bool(plan.needsApproval),
            "approval": plan.approval.map { approval -> JSON in
                [
                    "approver": .string(approval.approver), "at": TokenDocument.time(approval.at),
                    "expires_at": TokenDocument.time(approval.expiresAt), "digest": .string(approval.digest),
                    "comment": .string(approval.comment),
                ]
            } ?? .null,
            "ended": plan.end.map { end -> JSON in
                [
                    "as": .string(end.kind.rawValue), "at": TokenDocument.time(end.at), "by": .string(end.by),
                    "cause": .string(end.cause), "run": TokenDocument.text(end.run),
                ]
            } ?? .null,
        ]
    }

    package static func json(_ action: SavedAction, newEnd: Instant?) -> JSON {
        [
            "token_id": .string(action.tokenID.text), "name": .string(action.name), "owner": .string(action.owner),
            "revision": .integer(action.revision), "action": .string(action.action.rawValue),
            "policy": .string(action.policy), "rule": .string(action.rule), "reason": .string(action.reason),
            "message": .string(action.message), "deadline": TokenDocument.time(action.deadline),
            "new_end": TokenDocument.time(newEnd),
        ]
    }
}
