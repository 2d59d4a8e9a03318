/// What two sets of policies do differently to one token at an instant.
package struct PolicyDifference: Hashable, Sendable {
    /// One rule whose verdict appears, vanishes or becomes another.
    package struct Ruling: Hashable, Sendable {
        package var policy: String
        package var rule: String
        /// Nil: the rule was not there, or did not judge the token.
        package var before: Verdict?
        /// Nil: it is gone, or does not judge it any more.
        package var after: Verdict?
    }

    package var tokenID: TokenID
    package var name: String
    package var rulings: [Ruling]
    package var before: PlannedAction?
    package var after: PlannedAction?
    /// What the rule of each says besides, in phrases: `ends in 30d`, `revoked after 14d`.
    package var termsBefore: [String] = []
    package var termsAfter: [String] = []

    /// Whether a run would do something else, or do it otherwise.
    package var changesAction: Bool { before?.gist != after?.gist || termsBefore != termsAfter }
}

extension PlannedAction {
    /// What of it makes a difference: what is done, whose it is, and what is in its way.
    fileprivate struct Gist: Hashable {
        var action: Action
        var policy: String
        var rule: String
        var blocked: BlockedReason?
        var overlap: TimeSpan
        var cap: OverlapCap
    }

    fileprivate var gist: Gist {
        Gist(action: action, policy: policy, rule: rule, blocked: blocked, overlap: overlap, cap: cap)
    }
}

/// Compares what two planners say of tokens, one by one.
package struct PolicyComparison: Sendable {
    package let before: Planner
    package let after: Planner

    package init(
        before: PolicySet, after: PolicySet, vaults: Set<String>, tracking: TrackingHistory,
        waivers: ActiveWaivers = ActiveWaivers()
    ) {
        self.before = Planner(policies: before, vaults: vaults, tracking: tracking, waivers: waivers)
        self.after = Planner(policies: after, vaults: vaults, tracking: tracking, waivers: waivers)
    }

    /// Nil where both say and do the same; a limit that is kept before and after is no difference.
    ///
    /// - parameter destinations: asked only for a token that is to be rotated.
    package func difference(
        of token: Token, at now: Instant, destinations: () throws -> [Destination]
    ) rethrows -> PolicyDifference? {
        let old = try before.decide(token, at: now, notices: { [] }, destinations: destinations)
        let new = try after.decide(token, at: now, notices: { [] }, destinations: destinations)
        var difference = PolicyDifference(
            tokenID: token.id, name: token.name, rulings: changes(old.rulings, new.rulings), before: old.action,
            after: new.action)
        difference.termsBefore = terms(of: old.action, by: before)
        difference.termsAfter = terms(of: new.action, by: after)
        return difference.rulings.isEmpty && !difference.changesAction ? nil : difference
    }

    /// The same for a token in quarantine, whose revocation may come, go, or be another.
    package func difference(of token: Token, in quarantine: Quarantine, at now: Instant) -> PolicyDifference? {
        let difference = PolicyDifference(
            tokenID: token.id, name: token.name, rulings: [],
            before: before.decide(token, in: quarantine, at: now, notices: { [] }) { nil }.action,
            after: after.decide(token, in: quarantine, at: now, notices: { [] }) { nil }.action)
        return difference.changesAction ? difference : nil
    }

    private func terms(of action: PlannedAction?, by planner: Planner) -> [String] {
        guard let action, let policy = planner.policies.policies.first(where: { $0.name == action.policy }),
            let rule = policy.rules.first(where: { $0.name == action.rule })
        else { return [] }
        return [
            rule.newEnd.map { "ends in \($0.ahead) and up to \($0.spread) more" },
            rule.renewal.map { "renewed for \($0)" }, rule.revokeAfter.map { "revoked after \($0)" },
            action.mayBegin == nil ? nil : "once its notice is old enough",
        ].compactMap(\.self)
    }

    private func changes(_ old: [Planner.Ruling], _ new: [Planner.Ruling]) -> [PolicyDifference.Ruling] {
        // Most often nothing has changed, and both are the same list.
        var rest = new.map { (reference(of: $0, in: after), $0.verdict) }
        var changes: [PolicyDifference.Ruling] = []
        for ruling in old {
            let reference = reference(of: ruling, in: before)
            let place = rest.firstIndex { $0.0 == reference }
            let verdict = place.map { rest.remove(at: $0).1 }
            guard verdict?.status != ruling.verdict.status || verdict?.reason.kind != ruling.verdict.reason.kind else {
                continue
            }
            changes.append(
                PolicyDifference.Ruling(
                    policy: reference.policy, rule: reference.rule, before: ruling.verdict, after: verdict))
        }
        changes += rest.map { reference, verdict in
            PolicyDifference.Ruling(policy: reference.policy, rule: reference.rule, before: nil, after: verdict)
        }
        return changes
    }

    private func reference(of ruling: Planner.Ruling, in planner: Planner) -> RuleReference {
        let policy = planner.policies.policies[ruling.policy]
        return RuleReference(policy: policy.name, rule: policy.rules[ruling.rule].name)
    }
}

extension PolicySet {
    /// Which policies are there before and after, and what of them is written otherwise.
    package struct Change: Hashable, Sendable {
        /// What is written otherwise and goes into a few words.
        package struct Value: Hashable, Sendable {
            /// The key.
            package var part: String
            package var before: String
            package var after: String
        }

        package var policy: String
        /// `added`, `removed`, or the keys that differ.
        package var parts: [String]
        /// Of some of the parts.
        package var values: [Value] = []

        /// The parts for people, with what they were and are where that is known.
        package var sentence: String {
            parts.map { part in
                values.first { $0.part == part }.map { "\(part) (\($0.before) -> \($0.after))" } ?? part
            }.joined(separator: ", ")
        }
    }

    /// By name; descriptions and the file that they stand in do not count.
    package func changes(to other: PolicySet) -> [Change] {
        let old = Dictionary(policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(other.policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            guard let before = old[name] else { return Change(policy: name, parts: ["added"]) }
            guard let after = new[name] else { return Change(policy: name, parts: ["removed"]) }
            let parts = before.parts(differingFrom: after)
            return parts.isEmpty
                ? nil : Change(policy: name, parts: parts, values: before.values(differingFrom: after))
        }
    }
}

extension Policy {
    fileprivate func parts(differingFrom other: Policy) -> [String] {
        [
            ("mode", mode != other.mode), ("match", selector != other.selector),
            ("when", condition != other.condition), ("rules", rules != other.rules),
            ("notify-before", notifyBefore != other.notifyBefore),
            ("minimum-notice", minimumNotice != other.minimumNotice),
            ("schedule", schedule != other.schedule),
            ("pace", pace != other.pace), ("limits", limits != other.limits),
            ("approval", needsApproval != other.needsApproval),
        ].filter(\.1).map(\.0)
    }

    fileprivate func values(differingFrom other: Policy) -> [PolicySet.Change.Value] {
        let (old, new) = (words, other.words)
        return zip(old, new).filter { $0.0.text != $0.1.text }.map { before, after in
            PolicySet.Change.Value(part: before.part, before: before.text, after: after.text)
        }
    }

    /// What goes into a few words, in the same order for all.
    private var words: [(part: String, text: String)] {
        let none = "none"
        return [
            ("mode", mode.rawValue),
            ("notify-before", notifyBefore.isEmpty ? none : notifyBefore.map(\.description).joined(separator: ", ")),
            ("minimum-notice", minimumNotice?.description ?? none),
            ("schedule", schedule?.description ?? "the default"),
            ("pace", pace?.description ?? none), ("limits", limits.words ?? none),
            ("approval", needsApproval ? "required" : none),
        ]
    }
}

extension Limits {
    /// Nil where there is none.
    fileprivate var words: String? {
        let groups = [("", all), (" per owner", perOwner), (" per vault", perVault)]
        let parts = groups.flatMap { unit, ceiling in
            [ceiling.actions.map { "\($0) actions\(unit)" }, ceiling.percent.map { "\($0) percent\(unit)" }]
                .compactMap(\.self)
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
