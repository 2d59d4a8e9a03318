package import RotaCore

/// A plan that was written down, to be applied as it is or not at all.
package struct SavedPlan: Hashable, Sendable {
    /// Somebody else's yes.
    package struct Approval: Hashable, Sendable {
        package var approver: String
        package var at: Instant
        /// It holds until then.
        package var expiresAt: Instant
        /// Of the plan that it is for.
        package var digest: String
        package var comment: String
        /// That the command was given by.
        package var account: String
        /// The token that was presented.
        package var tokenID: TokenID?

        package init(
            approver: String, account: String = "", tokenID: TokenID? = nil, at: Instant, expiresAt: Instant,
            digest: String, comment: String = ""
        ) {
            self.approver = approver
            self.account = account
            self.tokenID = tokenID
            self.at = at
            self.expiresAt = expiresAt
            self.digest = digest
            self.comment = comment
        }
    }

    /// How a plan came to its end before its time.
    package struct End: Hashable, Sendable {
        /// What it ended as.
        package enum Kind: String, Sendable { case applied, withdrawn }

        package var kind: Kind
        package var at: Instant
        package var by: String
        package var cause: String
        /// The run that applied it.
        package var run: String?

        package init(_ kind: Kind, at: Instant, by: String, cause: String, run: String? = nil) {
            self.kind = kind
            self.at = at
            self.by = by
            self.cause = cause
            self.run = run
        }
    }

    /// From its making to its end at the most: what it was made for changes.
    package static let longestLife = TimeSpan.days(30)

    package var id: String
    /// Whose actions it is of, where a run saved it for their approval; nil: a person did, of all policies.
    package var policy: String?
    package var digest: String
    package var policiesDigest: String
    package var instance: String
    package var generation: Int64
    package var generationID: String
    /// When it was made.
    package var at: Instant
    package var expiresAt: Instant
    package var requester: Principal
    /// How many actions it has.
    package var actions: Int
    /// Whether the policy of one of them asks for an approval.
    package var needsApproval: Bool
    /// The last one that was given.
    package var approval: Approval?
    package var end: End?

    package init(
        id: String, policy: String? = nil, digest: String, policiesDigest: String, instance: String,
        generation: Int64, generationID: String, at: Instant, expiresAt: Instant, requester: Principal, actions: Int,
        needsApproval: Bool, approval: Approval? = nil, end: End? = nil
    ) {
        self.id = id
        self.policy = policy
        self.digest = digest
        self.policiesDigest = policiesDigest
        self.instance = instance
        self.generation = generation
        self.generationID = generationID
        self.at = at
        self.expiresAt = expiresAt
        self.requester = requester
        self.actions = actions
        self.needsApproval = needsApproval
        self.approval = approval
        self.end = end
    }
}

/// An action as it was saved: what makes it that very action, and what it is shown by.
package struct SavedAction: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var owner: String
    package var revision: Int64
    package var action: Action
    package var policy: String
    package var rule: String
    /// Canonical JSON, as it goes into the digest.
    package var parameters: String
    package var reason: String
    package var message: String
    package var deadline: Instant?

    package init(
        tokenID: TokenID, name: String, owner: String, revision: Int64, action: Action, policy: String, rule: String,
        parameters: String, reason: String, message: String, deadline: Instant?
    ) {
        self.tokenID = tokenID
        self.name = name
        self.owner = owner
        self.revision = revision
        self.action = action
        self.policy = policy
        self.rule = rule
        self.parameters = parameters
        self.reason = reason
        self.message = message
        self.deadline = deadline
    }
}

/// In which order the actions of a plan come.
package enum SavedActionOrder: Sendable { case ofPlan, byToken }

/// What can be asked about saved plans.
package protocol PlanReads {
    func savedPlan(_ id: String) throws -> SavedPlan?
    /// Latest first, `limit` of them at the most.
    ///
    /// - parameter number: older ones than this; nil: from the latest on.
    func savedPlans(before number: Int64?, limit: Int) throws -> [Numbered<SavedPlan>]
    /// Those that have neither ended nor expired, in the order in which they expire.
    func openPlans(at now: Instant) throws -> [SavedPlan]
    /// `each` returns false to stop.
    ///
    /// - parameter place: without those that come before this one in the plan, which begins with 0.
    func eachSavedAction(
        of id: String, in order: SavedActionOrder, from place: Int, _ each: (SavedAction) throws -> Bool) throws
    /// How many actions of each kind it has.
    func savedActionCounts(of id: String) throws -> [Action: Int]
}

extension PlanReads {
    /// The latest ones.
    package func savedPlans(limit: Int) throws -> [SavedPlan] {
        try savedPlans(before: nil, limit: limit).map(\.record)
    }

    /// All of them; `each` returns false to stop.
    package func eachSavedAction(
        of id: String, in order: SavedActionOrder, _ each: (SavedAction) throws -> Bool
    ) throws {
        try eachSavedAction(of: id, in: order, from: 0, each)
    }
}

/// What is written about saved plans.
package protocol PlanChanges {
    /// Writes a plan down with its actions, in their order; event `plan.approval_needed` where it needs one, else
    /// `plan.saved`.
    func savePlan(_ plan: SavedPlan, actions: some Sequence<SavedAction>, change: Change) throws
    /// Gives a yes to the very plan that has its digest; event `plan.approved`. False when the plan has ended or
    /// expired, is another one, has an approval that still holds, or was asked for by the approver.
    func approvePlan(_ id: String, _ approval: SavedPlan.Approval, change: Change) throws -> Bool
    /// Ends a plan that is not applied; event `plan.withdrawn`. False when it has ended.
    func withdrawPlan(_ id: String, by name: String, change: Change) throws -> Bool
    /// Takes a plan up, once and for all; event `plan.applied`. False when it has ended or expired, or needs an
    /// approval and has none that holds at this instant and is for its digest.
    func applyPlan(_ id: String, run: String, change: Change) throws -> Bool
}
