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
        // Where one policy acts and others only tell, it is the one that acts, whatever order they stand in.
        var found: (ruling: Planner.Ruling, rank: (Int, Int64))?
        for ruling in rulings where policies[ruling.policy].rules[ruling.rule].action == .rotate {
            let rank = (policies[ruling.policy].mode == .enforce ? 0 : 1, ruling.verdict.deadline?.seconds ?? .max)
            if found.map({ rank < $0.rank }) ?? true { found = (ruling, rank) }
        }
        guard let ruling = found?.ruling else { return nil }
        let policy = policies[ruling.policy]
        self.policy = policy.name
        rule = policy.rules[ruling.rule].name
        isAutomatic = policy.mode == .enforce
        deadline = ruling.verdict.deadline
    }
}
