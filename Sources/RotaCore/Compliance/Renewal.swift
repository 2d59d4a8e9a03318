/// What renews the value of a token: the policy that has it rotated the soonest.
package struct Renewal: Hashable, Sendable {
    package var policy: String
    package var rule: String
    /// The policy acts; else somebody is to do it.
    package var isAutomatic: Bool
    /// By when; nil where that is not known.
    package var deadline: Instant?

    /// - parameter rulings: all of the token; nil where no policy has it rotated.
    package init?(_ rulings: [Planner.Ruling], of policies: [Policy]) {
        var found: (ruling: Planner.Ruling, deadline: Int64)?
        for ruling in rulings where policies[ruling.policy].rules[ruling.rule].action == .rotate {
            let deadline = ruling.verdict.deadline?.seconds ?? .max
            if found.map({ deadline < $0.deadline }) ?? true { found = (ruling, deadline) }
        }
        guard let ruling = found?.ruling else { return nil }
        let policy = policies[ruling.policy]
        self.policy = policy.name
        rule = policy.rules[ruling.rule].name
        isAutomatic = policy.mode == .enforce
        deadline = ruling.verdict.deadline
    }
}
