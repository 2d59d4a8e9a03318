/// What a report says of all tokens together. Its size does not depend on how many there are.
package struct ComplianceSummary: Sendable {
    /// Every token of the store, by its state.
    package var states: [TokenState: Int] = [:]
    /// Tokens that authenticate: these are judged.
    package var evaluated = 0
    /// Judged tokens that no policy selects.
    package var uncovered = 0
    /// One for every policy x rule x selected token.
    package var verdicts = StatusCounts()
    /// Selected tokens, each under the gravest of its verdicts.
    package var tokens = StatusCounts()
    /// In the order of the policies.
    package var policies: [PolicyPosture]
    /// Most violating first.
    package var owners: [OwnerPosture] = []
    /// All owners that are not listed, as one.
    package var otherOwners = OwnerPosture(owner: "")
    package var otherOwnersCount = 0
    /// Controls of frameworks, in the order of framework and control.
    package var controls: [ControlPosture] = []
    /// Of the oldest value that authenticates.
    package var age: Histogram
    /// Watched time since the last use, or since watching began.
    package var idle: Histogram
    package var expiry: ExpiryOutlook
    package var inventory = InventoryFacts()
    /// Tokens whose action is called for and cannot be taken.
    package var blocked: [BlockedReason: Int] = [:]
    /// The longest overdue, longest first, those that a policy that acts calls so of that one alone;
    /// `verdicts.violating` says how many there are.
    package var violations: [BrokenRule] = []
    /// Tokens revoked within the period, latest first.
    package var revocations: [RecordedRevocation] = []
    package var revocationsCount = 0
    /// What each waiver in force comes to, by its place.
    package var waived: [WaiverUse] = []
    /// The rows behind the numbers.
    package var rows = FollowedRows()

    /// Every token of the store.
    package var listed: Int { states.values.reduce(0, +) }

    /// The tokens of `violations`, each once with what is longest overdue of it.
    package func worstOffenders(_ count: Int) -> [BrokenRule] {
        var seen: Set<TokenID> = []
        return Array(violations.filter { seen.insert($0.tokenID).inserted }.prefix(count))
    }
}

/// What one policy says of the tokens that it selects.
package struct PolicyPosture: Hashable, Sendable {
    /// Selected tokens, each under the gravest verdict of this policy.
    package var tokens = StatusCounts()
    /// In the order of the policy's rules.
    package var rules: [RulePosture]

    /// One for every rule x selected token.
    package var verdicts: StatusCounts {
        rules.reduce(into: StatusCounts()) { $0 += $1.verdicts }
    }
}

/// What one rule says.
package struct RulePosture: Hashable, Sendable {
    package var verdicts = StatusCounts()
    /// Of how many all facts were seen here.
    package var observed = 0
    /// Of how many the facts, or some of them, were told by an import.
    package var asserted = 0
    /// Reason codes of the violations, with how often.
    package var violations: [String: Int] = [:]
}

/// What all policies together say of one owner's tokens.
package struct OwnerPosture: Hashable, Sendable {
    package var owner: String
    /// Selected tokens, each under the gravest of its verdicts.
    package var tokens = StatusCounts()
    package var uncovered = 0
}

/// What is known of the judged tokens, and how.
package struct InventoryFacts: Hashable, Sendable {
    /// Values that rota makes.
    package var driven = 0
    /// Values made elsewhere, by kind; beyond a hundred kinds they are counted as `other`.
    package var external: [String: Int] = [:]
    /// We saw their dates ourselves.
    package var observed = 0
    /// Their dates were given by an import.
    package var asserted = 0
    package var used = 0
    package var neverUsed = 0
    package var usageUnknown = 0
    package var ageUnknown = 0
    package var withoutOwner = 0
    package var withoutDestination = 0
    package var rotating = 0
    package var inOverlap = 0
}

/// One rule that one token breaks.
package struct BrokenRule: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var owner: String
    package var issuer: Issuer
    package var policy: String
    package var rule: String
    package var reason: String
    package var message: String
    package var deadline: Instant?
    /// From the deadline to the report; zero without a deadline.
    package var overdue: TimeSpan
    /// How many rules this token breaks.
    package var ofToken: Int
    package var blocked: BlockedReason?
}

/// A token that was revoked.
package struct RecordedRevocation: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var owner: String
    package var end: TokenEnd
}
