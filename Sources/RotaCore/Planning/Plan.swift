/// The exact actions that a run would take, each with its verdict.
package struct Plan: Sendable {
    /// SHA-256 of the canonical plan, `sha256:<hex>`.
    package var digest: String
    package var at: Instant
    /// `sha256:<hex>` of the parsed policies.
    package var policiesDigest: String
    package var generation: Int64
    /// Empty where the store has none.
    package var generationID: String
    /// Oldest deadline first.
    package var actions: PlannedActions
    /// How many tokens were looked at: those whose age, use or end may call for something.
    package var candidates: Int

    package init(
        digest: String, at: Instant, policiesDigest: String, generation: Int64, generationID: String,
        actions: PlannedActions,
        candidates: Int
    ) {
        self.digest = digest
        self.at = at
        self.policiesDigest = policiesDigest
        self.generation = generation
        self.generationID = generationID
        self.actions = actions
        self.candidates = candidates
    }
}

/// One action of a plan.
package struct PlannedAction: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var owner: String
    /// The token's revision when it was planned: a token that has changed since is skipped.
    package var revision: Int64
    package var action: Action
    package var policy: String
    package var rule: String
    package var verdict: Verdict
    /// Only for `rotate`.
    package var overlap: TimeSpan
    /// Only for `rotate`.
    package var cap: OverlapCap
    /// Why it cannot be done, in place of doing it blindly.
    package var blocked: BlockedReason?
    /// It is due, but is not taken yet: it is beyond the policy's pace, its notice is not old enough, or it is to be
    /// approved first.
    package var waiting: Bool
    /// Where it waits for its notice, from when on it may be taken; nil where it does not.
    package var mayBegin: Instant?
    /// Whether it waits for nothing but the approval that its policy asks for.
    package var awaitsApproval: Bool
    /// What else calls for something of this token: this action, the strictest, is taken in place of it.
    package var covers: [RuleReference]
    /// Who has presented a quarantined token since; nil for any other action, and when nobody has.
    package var refused: RefusedUses?
    /// When its policy runs next, where it is done before that: the token would end first. Nil for any other.
    package var early: Instant?

    package init(
        tokenID: TokenID, name: String, owner: String, revision: Int64, action: Action, policy: String,
        rule: String, verdict: Verdict, overlap: TimeSpan = .zero, cap: OverlapCap = OverlapCap(),
        blocked: BlockedReason? = nil,
        waiting: Bool = false, mayBegin: Instant? = nil, awaitsApproval: Bool = false, covers: [RuleReference] = [],
        refused: RefusedUses? = nil, early: Instant? = nil
    ) {
        self.tokenID = tokenID
        self.name = name
        self.owner = owner
        self.revision = revision
        self.action = action
        self.policy = policy
        self.rule = rule
        self.verdict = verdict
        self.overlap = overlap
        self.cap = cap
        self.blocked = blocked
        self.waiting = waiting
        self.mayBegin = mayBegin
        self.awaitsApproval = awaitsApproval
        self.covers = covers
        self.refused = refused
        self.early = early
    }

    /// Why it is done, for people.
    package var message: String {
        let why = verdict.reason.message
        return early.map { "\(why); done at once, since it would end before the next run of its policy at \($0)" }
            ?? why
    }
}

/// What an action that is called for waits for.
package enum WaitingReason: String, Sendable, CaseIterable {
    /// Others of its policy come first.
    case pace
    /// Its first notice is not as old as the policy asks, or has not been sent.
    case notice
    /// Somebody has to approve a saved plan with it.
    case approval
}

extension PlannedAction {
    /// Nil where it is taken, or blocked.
    package var waitingFor: WaitingReason? {
        guard waiting, blocked == nil else { return nil }
        if awaitsApproval { return .approval }
        return mayBegin == nil ? .pace : .notice
    }
}

/// A policy's rule by name.
package struct RuleReference: Hashable, Sendable {
    package var policy: String
    package var rule: String

    package init(policy: String, rule: String) {
        self.policy = policy
        self.rule = rule
    }
}

/// Why an action that is called for cannot be taken.
package enum BlockedReason: String, Sendable, CaseIterable {
    case issuerNotDriven = "issuer-not-driven"
    case noDestination = "no-destination"
    case unknownVault = "unknown-vault"
    /// A destination holds a value that we do not know: never overwritten silently.
    case conflict
    /// The last rotation could not begin, and the next one is not due yet.
    case vaultFailing = "vault-failing"

    /// Nothing that a person could mend here: the token is another system's, as it is meant to be.
    package var isByDesign: Bool { self == .issuerNotDriven }

    /// For people, with what to do.
    package var message: String {
        switch self {
        case .issuerNotDriven: "its values are made by another system, which rota does not drive"
        case .noDestination: "it has no destination that a new value could be pushed to"
        case .unknownVault: "a destination is in a vault that the configuration does not name"
        case .conflict: "a destination holds a value that rota does not know"
        case .vaultFailing: "its last rotation could not begin, and is tried again later"
        }
    }

    /// What a person can do about it, in commands; nil where waiting does.
    package func hint(for token: Token) -> String? {
        switch self {
        case .noDestination: "add one: rota token edit \(token.name) --destination VAULT:PATH#FIELD"
        case .issuerNotDriven: "rotate it in \(token.issuer), and import it again"
        case .unknownVault: "add the vault to the configuration"
        case .conflict: "if it may be replaced, 'rota vault adopt \(token.name)'; else look at what is there"
        case .vaultFailing: nil
        }
    }
}

/// What became of an action.
package enum Outcome: String, Sendable, CaseIterable {
    /// Done. For a rotation: every destination holds the new value and no older one is left valid.
    case done
    /// A rotation in its overlap, or stalled: later runs finish it.
    case started
    case waiting, blocked, skipped, failed
}
