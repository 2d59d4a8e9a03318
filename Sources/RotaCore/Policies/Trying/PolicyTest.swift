/// A made-up token, with what policies are expected to say of it.
package struct PolicyTest: Hashable, Sendable {
    /// Where something stands in the file of the test; from 1.
    package struct Place: Hashable, Sendable {
        package var line: Int
        package var column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }
    }

    /// What one policy is to say.
    package struct ExpectedVerdict: Hashable, Sendable {
        /// By its index.
        package var policy: Int
        /// By its index; nil: the policy is not to select the token.
        package var rule: Int?
        /// Nil: any.
        package var status: Verdict.Status?
        /// Nil: any.
        package var reason: Reason.Kind?
        package var place: Place

        package init(
            policy: Int, rule: Int? = nil, status: Verdict.Status? = nil, reason: Reason.Kind? = nil, place: Place
        ) {
            self.policy = policy
            self.rule = rule
            self.status = status
            self.reason = reason
            self.place = place
        }
    }

    /// What is to follow from all of them.
    package struct ExpectedAction: Hashable, Sendable {
        /// Nil: none at all.
        package var action: Action?
        /// Whose it is to be; nil: anybody's.
        package var policy: String?
        package var rule: String?
        /// Why it is not to be possible; nil: it is to be possible.
        package var blocked: BlockedReason?
        package var place: Place

        package init(
            _ action: Action?, policy: String? = nil, rule: String? = nil, blocked: BlockedReason? = nil, place: Place
        ) {
            self.action = action
            self.policy = policy
            self.rule = rule
            self.blocked = blocked
            self.place = place
        }
    }

    /// Its claim, in words.
    package var name: String
    package var token: Token
    /// Nil unless the token is quarantined.
    package var quarantine: Quarantine?
    package var verdicts: [ExpectedVerdict]
    /// Nil: any.
    package var action: ExpectedAction?
    package var place: Place

    package init(
        name: String, token: Token, quarantine: Quarantine? = nil, verdicts: [ExpectedVerdict] = [],
        action: ExpectedAction? = nil, place: Place
    ) {
        self.name = name
        self.token = token
        self.quarantine = quarantine
        self.verdicts = verdicts
        self.action = action
        self.place = place
    }
}

/// One thing that was expected, and what came.
package struct PolicyTestCheck: Hashable, Sendable {
    /// Nil for the action.
    package var policy: String?
    package var rule: String?
    package var expected: String
    package var actual: String
    /// The sentence of what came; nil where there is nothing to be said.
    package var message: String?
    package var place: PolicyTest.Place

    package var passed: Bool
}

extension PolicyTest {
    /// The name of the vault that the places of made-up tokens are in.
    package static let vault = "main"

    /// Judges the token as a run would, as if uses had always been watched.
    package func checks(of policies: PolicySet, at now: Instant) -> [PolicyTestCheck] {
        let planner = Planner(policies: policies, vaults: [Self.vault], tracking: .unbroken)
        let places = (0..<token.destinationCount).map { Destination(vault: Self.vault, path: "place-\($0 + 1)") }
        let decision = planner.decide(token, at: now, notices: { [] }) { places }
        var checks = verdicts.map { check($0, decision.rulings, policies.policies, at: now) }
        if let action {
            let ending = quarantine.flatMap { planner.decide(token, in: $0, at: now, notices: { [] }) { nil }.action }
            checks.append(check(action, decision.action ?? ending))
        }
        return checks
    }

    private func check(
        _ expected: ExpectedVerdict, _ rulings: [Planner.Ruling], _ policies: [Policy], at now: Instant
    ) -> PolicyTestCheck {
        let policy = policies[expected.policy]
        let mismatch = policy.mismatch(with: token, at: now, tracking: .unbroken)
        var check = PolicyTestCheck(
            policy: policy.name, rule: expected.rule.map { policy.rules[$0].name },
            expected: expected.rule == nil
                ? "not-selected"
                : [expected.status?.rawValue, expected.reason?.code].compactMap(\.self).joined(separator: ", "),
            actual: mismatch == nil ? "selected" : "not-selected", message: mismatch?.description,
            place: expected.place, passed: mismatch != nil)
        guard let rule = expected.rule else { return check }
        guard let verdict = rulings.first(where: { $0.policy == expected.policy && $0.rule == rule })?.verdict else {
            check.passed = false
            return check
        }
        check.actual = "\(verdict.status.rawValue), \(verdict.reason.code)"
        check.message = verdict.reason.message
        check.passed =
            expected.status.map { $0 == verdict.status } ?? true
            && expected.reason.map { $0 == verdict.reason.kind } ?? true
        return check
    }

    private func check(_ expected: ExpectedAction, _ planned: PlannedAction?) -> PolicyTestCheck {
        let isSame =
            expected.action == planned?.action && expected.blocked == planned?.blocked
            && expected.policy.map { $0 == planned?.policy } ?? true
            && expected.rule.map { $0 == planned?.rule } ?? true
        return PolicyTestCheck(
            policy: nil, rule: nil, expected: expected.description,
            actual: planned.map {
                ExpectedAction(
                    $0.action, policy: $0.policy, rule: $0.rule, blocked: $0.blocked, place: expected.place
                ).description
            } ?? "none",
            message: planned.map { $0.blocked?.message ?? $0.verdict.reason.message }, place: expected.place,
            passed: isSame)
    }
}

extension PolicyTest.ExpectedAction: CustomStringConvertible {
    /// `rotate by rotation: max-age, blocked: no-destination`; `none`.
    package var description: String {
        guard let action else { return "none" }
        let whose = [policy, rule].compactMap(\.self).joined(separator: ": ")
        return action.rawValue + (whose.isEmpty ? "" : " by \(whose)")
            + (blocked.map { ", blocked: \($0.rawValue)" } ?? "")
    }
}
