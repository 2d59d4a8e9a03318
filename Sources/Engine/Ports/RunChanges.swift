package import RotaCore

/// An open violation.
package struct Finding: Hashable, Sendable {
    package var id: Int64
    package var tokenID: TokenID
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var openedAt: Instant
    package var closedAt: Instant?

    package init(
        id: Int64 = 0, tokenID: TokenID, policy: String, rule: String, reason: String, message: String,
        openedAt: Instant, closedAt: Instant? = nil
    ) {
        self.id = id
        self.tokenID = tokenID
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.openedAt = openedAt
        self.closedAt = closedAt
    }
}

/// How a finding is closed, in the words that are kept of it.
package enum Closing {
    package static let ruleGone = "no loaded policy has this rule any more"
    package static let notSelected = "the policy does not select the token any more"
    private static let waived = "waived until "

    /// Whether the rule is kept again, or the token does not authenticate any more: of the rest nothing was mended.
    package static func isResolved(_ how: String) -> Bool {
        how != ruleGone && how != notSelected && !how.hasPrefix(waived)
    }
}

/// One pass, as it is recorded.
package struct RunRecord: Hashable, Sendable {
    package var id: String
    /// The plan's digest; nil before there is one.
    package var plan: String?
    /// How many actions the plan has.
    package var planned: Int?
    /// The names of the policies that act in it; nil when all do.
    package var acting: [String]?
    package var actor: AuditActor
    package var startedAt: Instant
    package var finishedAt: Instant?
    /// Why it did nothing; nil when it ran.
    package var aborted: String?

    package init(
        id: String, plan: String? = nil, planned: Int? = nil, acting: [String]? = nil, actor: AuditActor,
        startedAt: Instant,
        finishedAt: Instant? = nil, aborted: String? = nil
    ) {
        self.id = id
        self.plan = plan
        self.planned = planned
        self.acting = acting
        self.actor = actor
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.aborted = aborted
    }
}

/// An action of a run with its outcome.
package struct RecordedAction: Hashable, Sendable {
    package var run: String
    package var tokenID: TokenID
    package var name: String
    package var action: Action
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var deadline: Instant?
    package var outcome: Outcome
    /// Why it is blocked; nil for another outcome.
    package var blocked: BlockedReason?
    package var cause: String?
    package var at: Instant

    package init(
        run: String, tokenID: TokenID, name: String, action: Action, policy: String, rule: String, reason: String,
        message: String, deadline: Instant?, outcome: Outcome, blocked: BlockedReason? = nil, cause: String?,
        at: Instant
    ) {
        self.run = run
        self.tokenID = tokenID
        self.name = name
        self.action = action
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.message = message
        self.deadline = deadline
        self.outcome = outcome
        self.blocked = blocked
        self.cause = cause
        self.at = at
    }
}

extension RecordedAction {
    /// It is blocked until a person has mended something.
    package var needsMending: Bool { outcome == .blocked && blocked?.isByDesign == false }
}

/// What runs record.
package protocol RunChanges {
    /// Writes down that somebody confirmed a clock: from here on it counts.
    func trustClock(_ doubt: ClockDoubt, change: Change) throws
    /// Writes a run down that has no plan yet. Until `finishRun`, or until this process ends, however it
    /// ends, no other one takes the run for interrupted.
    func beginRun(_ run: RunRecord, change: Change) throws
    /// Writes down what it is going to do: the plan's digest, and how many actions it has.
    func planRun(_ id: String, digest: String, actions: Int, change: Change) throws
    /// Leaves a run unfinished, as if this process were gone.
    func leaveRun(_ id: String) throws
    /// Runs that were begun and not finished, and whose process is gone.
    func interruptedRuns() throws -> [RunRecord]
    func recordActions(_ actions: [RecordedAction]) throws
    /// Event `run.completed`, or `run.aborted` with its reason. `totals`: outcome to count.
    func finishRun(_ id: String, aborted: String?, totals: [Outcome: Int], change: Change) throws
    /// Opens a finding once for each (token, policy, rule); with `announce`, event `policy.violated`, and
    /// `token.expiring` where it is an end that is near.
    /// Returns false when it is open already.
    ///
    /// - parameter blocked: why the action that would cure it cannot be taken, as far as that is known.
    func openFinding(_ finding: Finding, blocked: BlockedReason?, announce: Bool, change: Change) throws -> Bool
    func closeFinding(_ id: Int64, how: String, change: Change) throws
}
