/// How often every rule said what, counted in flat arrays: it runs for each verdict of a report.
struct PostureTally: Sendable {
    /// Which length of time a rule is about.
    enum Length: Sendable {
        case age, idle, none
    }

    /// Of all rules of all policies, in their order.
    private struct Counts: Sendable {
        var verdicts = StatusCounts()
        var observed = 0
        var asserted = 0
        /// By the number of the reason.
        var violations = [Int](repeating: 0, count: Reason.Kind.allCases.count)
        var length: Length
    }

    private var tokens: [StatusCounts]
    private var rules: [Counts] = []
    /// Where the rules of each policy begin.
    private var starts: [Int] = []

    init(_ policies: [Policy]) {
        tokens = policies.map { _ in StatusCounts() }
        for policy in policies {
            starts.append(rules.count)
            rules += policy.rules.map { rule in
                switch rule.requirement {
                case .maxAge: Counts(length: .age)
                case .unusedFor: Counts(length: .idle)
                case .expiry, .expiresWithin, .owner, .description, .destination, .scopes, .name, .sources:
                    Counts(length: .none)
                }
            }
        }
    }

    /// Of all rules together.
    var verdicts: StatusCounts { rules.reduce(into: StatusCounts()) { $0 += $1.verdicts } }

    func length(of ruling: Planner.Ruling) -> Length {
        rules[starts[ruling.policy] + ruling.rule].length
    }

    /// Counts what is said of one token, and answers the gravest of it; nil when nothing is said.
    ///
    /// Verdicts of one policy follow each other, so the gravest of each is known where the policy changes.
    mutating func add(_ rulings: [Planner.Ruling]) -> Verdict.Status? {
        var gravest: Verdict.Status?
        var ofPolicy: Verdict.Status?
        for index in rulings.indices {
            let policy = rulings[index].policy
            let rule = starts[policy] + rulings[index].rule
            let status = rulings[index].verdict.status
            rules[rule].verdicts.add(status)
            switch rulings[index].basis {
            case .observed: rules[rule].observed += 1
            case .asserted: rules[rule].asserted += 1
            case nil: break
            }
            if status == .violating { rules[rule].violations[rulings[index].verdict.reason.kind.rawValue] += 1 }
            if status.gravity >= ofPolicy?.gravity ?? 0 { ofPolicy = status }
            if index + 1 == rulings.count || rulings[index + 1].policy != policy {
                let worst = ofPolicy ?? status
                tokens[policy].add(worst)
                if worst.gravity >= gravest?.gravity ?? 0 { gravest = worst }
                ofPolicy = nil
            }
        }
        return gravest
    }

    /// What was counted, of each policy.
    func postures(_ policies: [Policy]) -> [PolicyPosture] {
        policies.indices.map { policy in
            PolicyPosture(
                tokens: tokens[policy],
                rules: policies[policy].rules.indices.map { rule in
                    let counts = rules[starts[policy] + rule]
                    let named = Reason.Kind.allCases.map { ($0.code, counts.violations[$0.rawValue]) }
                    return RulePosture(
                        verdicts: counts.verdicts, observed: counts.observed, asserted: counts.asserted,
                        violations: Dictionary(uniqueKeysWithValues: named.filter { $0.1 > 0 }))
                })
        }
    }
}
