package import RotaCore

/// A form that asks for an exception of one token; posted to `/admin/waivers` with `token`, `rule`, `reason`, `ends`.
///
/// Without a token it asks for that first.
package struct NewWaiverPage: Page {
    /// What may be waived: a rule of a policy, or all of them.
    package struct Choice: Sendable {
        package var policy: String
        /// Nil: all rules of the policy.
        package var rule: String?
        /// What the rule says of the token now; nil for all rules.
        package var verdict: Verdict?

        package init(policy: String, rule: String? = nil, verdict: Verdict? = nil) {
            self.policy = policy
            self.rule = rule
            self.verdict = verdict
        }

        /// As the form sends it.
        package var value: String { rule.map { "\(policy) \($0)" } ?? policy }
    }

    /// What is asked for where nobody has chosen yet: the first rule that is violated. Nil: none is.
    package var proposed: Choice? { choices.first { $0.verdict?.status == .violating } }

    package var token: Token?
    package var choices: [Choice]
    /// How far off its end may be.
    package var longest: TimeSpan
    /// As filled in, or proposed.
    package var chosen: String
    package var reason: String
    package var ends: String
    /// What is wrong, by field.
    package var errors: [String: String]

    package init(
        token: Token? = nil, choices: [Choice] = [], longest: TimeSpan, chosen: String = "", reason: String = "",
        ends: String = "", errors: [String: String] = [:]
    ) {
        self.token = token
        self.choices = choices
        self.longest = longest
        self.chosen = chosen
        self.reason = reason
        self.ends = ends
        self.errors = errors
    }
}
