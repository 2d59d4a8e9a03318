/// The actions of a plan, in its order.
package struct PlannedActions: RandomAccessCollection, Sendable {
    private var rows: PlanRows

    /// - parameter rows: sorted, once all are in.
    package init(_ rows: PlanRows = PlanRows()) { self.rows = rows }

    /// In the order of a plan, whatever order they come in.
    package init(_ actions: some Sequence<PlannedAction>) {
        rows = PlanRows()
        for action in actions { rows.add(action) }
        rows.sort()
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { rows.actionCount }
    package subscript(index: Int) -> PlannedAction { rows.action(index) }

    /// The indices, by the ids of the tokens.
    package var indicesByToken: [Int] { rows.placesByToken() }

    /// How many actions take effect, or would if they were approved, by the names of their policies.
    package var effects: [String: Int] {
        var counts: [String: Int] = [:]
        for index in indices {
            let (takesEffect, policy) = rows.effect(index)
            if takesEffect || rows.awaitsApproval(index) { counts[policy, default: 0] += 1 }
        }
        return counts
    }

    /// How many actions wait for an approval, by the names of their policies.
    package var awaiting: [String: Int] {
        var counts: [String: Int] = [:]
        for index in indices where rows.awaitsApproval(index) { counts[rows.effect(index).policy, default: 0] += 1 }
        return counts
    }

    /// Lets the first `pace` actions of each policy that would take effect go ahead; the rest wait.
    ///
    /// Blocked ones take no place.
    ///
    /// - parameter begun: by policy, how many of the places earlier runs have taken.
    package mutating func hold(toPaceOf policies: [Policy], after begun: [String: Int] = [:]) {
        var left: [String: Int] = [:]
        for policy in policies { left[policy.name] = policy.pace.map { Swift.max(0, $0 - (begun[policy.name] ?? 0)) } }
        guard !left.isEmpty else { return }
        for index in indices {
            let (takesEffect, policy) = rows.effect(index)
            guard takesEffect, let places = left[policy] else { continue }
            if places > 0 {
                left[policy] = places - 1
            } else {
                rows.hold(index)
            }
        }
    }

    /// Lets what would take effect wait for an approval where its policy asks for one.
    package mutating func holdForApproval(by policies: [Policy]) {
        let asking = Set(policies.lazy.filter(\.needsApproval).map(\.name))
        guard !asking.isEmpty else { return }
        for index in indices {
            let (takesEffect, policy) = rows.effect(index)
            if takesEffect, asking.contains(policy) { rows.holdForApproval(index) }
        }
    }
}

/// A violating verdict of one rule over one token.
package struct Violation: Hashable, Sendable {
    package var tokenID: TokenID
    package var name: String
    package var policy: String
    package var rule: String
    package var verdict: Verdict
    package var mode: Mode
    /// Why the action that would cure it cannot be taken; nil where it can, or where none is called for.
    package var blocked: BlockedReason?

    package init(
        tokenID: TokenID, name: String, policy: String, rule: String, verdict: Verdict, mode: Mode,
        blocked: BlockedReason? = nil
    ) {
        self.tokenID = tokenID
        self.name = name
        self.policy = policy
        self.rule = rule
        self.verdict = verdict
        self.mode = mode
        self.blocked = blocked
    }
}

/// The violations that were seen while a plan was made.
package struct Violations: RandomAccessCollection, Sendable {
    private var rows: PlanRows

    package init(_ rows: PlanRows) { self.rows = rows }

    package var startIndex: Int { 0 }
    package var endIndex: Int { rows.violationCount }
    package subscript(index: Int) -> Violation { rows.violation(index) }
}
