package import RotaCore

/// How the tokens stand to each policy.
package struct PoliciesPage: Page {
    /// A policy with what it comes to.
    package struct Row: Sendable {
        package var policy: Policy
        /// Selected tokens, each under the gravest verdict of this policy.
        package var tokens: StatusCounts
        /// Nil: it does not run by itself.
        package var nextRun: Instant?

        package init(policy: Policy, tokens: StatusCounts, nextRun: Instant? = nil) {
            self.policy = policy
            self.tokens = tokens
            self.nextRun = nextRun
        }
    }

    package var rows: [Row]
    /// Live tokens that no policy selects.
    package var uncovered: Int

    package init(rows: [Row], uncovered: Int) {
        self.rows = rows
        self.uncovered = uncovered
    }
}

/// One policy in words.
package struct PolicyPage: Page {
    /// A token that breaks one of its rules.
    package struct Violation: Sendable {
        package var tokenID: TokenID
        package var name: String
        package var owner: String
        package var rule: String
        package var message: String
        package var deadline: Instant?

        package init(
            tokenID: TokenID, name: String, owner: String, rule: String, message: String,
            deadline: Instant? = nil
        ) {
            self.tokenID = tokenID
            self.name = name
            self.owner = owner
            self.rule = rule
            self.message = message
            self.deadline = deadline
        }
    }

    package var row: PoliciesPage.Row
    /// One for each rule, in their order.
    package var rules: [StatusCounts]
    /// Those that are shown; `row.tokens` says how many there are.
    package var violations: [Violation]

    package init(row: PoliciesPage.Row, rules: [StatusCounts], violations: [Violation] = []) {
        self.row = row
        self.rules = rules
        self.violations = violations
    }
}
