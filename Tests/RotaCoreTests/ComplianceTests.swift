import RotaCore
import Testing

private let judgedAt = Instant(seconds: 1_795_489_200)

private let policies = [
    Policy(
        name: "rotation",
        rules: [Rule(.maxAge(.days(90)), action: .rotate), Rule(.unusedFor(.days(30)), action: .revoke)],
        controls: ["pci": ["8.6.3"]]),
    Policy(name: "ends", rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil))]),
]

private func aged(_ number: Int, owner: String = "team", age: Int64 = 1) -> Token {
    Token(
        id: TokenID("t\(number)"), name: "token-\(number)", owner: owner, createdAt: judgedAt - .days(400),

        usage: .lastUsed(judgedAt - .days(age / 2)),
        values: ValueSummary(currentIssuedAt: judgedAt - .days(age)))
}

private func rulings(_ token: Token) -> [Planner.Ruling] {
    var rulings: [Planner.Ruling] = []
    Planner(policies: PolicySet(policies), vaults: [], tracking: .unbroken)
        .judge(token, at: judgedAt, into: &rulings)
    return rulings
}

private func summary(_ tokens: [Token]) -> ComplianceSummary {
    var builder = ReportBuilder(policies: policies, at: judgedAt, since: judgedAt - .days(30))
    for token in tokens {
        let idle = token.idleClock(at: judgedAt, tracking: .unbroken)
        builder.add(token, rulings(token), idle: idle, blocked: nil)
    }
    return builder.summary()
}

@Test func `a token is counted once in each policy, under the gravest verdict of it`() {
    var old = aged(1, age: 100)
    old.usage = .unknown
    let sums = summary([old, aged(2)])
    #expect(sums.verdicts.total == 6)
    #expect(sums.policies[0].tokens.violating == 1)
    #expect(sums.policies[0].tokens.compliant == 1)
    #expect(sums.policies[0].tokens.total == 2)
    #expect(sums.policies[0].rules[1].verdicts.unknown == 1)
    #expect(sums.policies[0].rules[0].violations == ["max-age-exceeded": 1])
    #expect(sums.tokens.violating == 2)
    #expect(sums.controls.map(\.verdicts.total) == [4])
}

@Test func `what is longest overdue comes first, and each token once among the worst`() {
    let sums = summary([aged(1, age: 95), aged(2, age: 300), aged(3, age: 120)])
    #expect(sums.worstOffenders(2).map(\.tokenID.text) == ["t2", "t3"])
    #expect(sums.violations.first?.overdue == .days(210))
    #expect(sums.violations.first?.ofToken == 3)
    #expect(sums.violations.count == sums.verdicts.violating)
}

@Test func `owners are worst first, and beyond the list they are summed`() {
    let tokens =
        (0..<60).map { aged($0, owner: "owner-\($0)", age: $0 == 41 ? 200 : 1) } + [
            aged(60, owner: "owner-41")
        ]
    let sums = summary(tokens)
    #expect(sums.owners.count == ReportBuilder.mostOwners)
    #expect(sums.owners.first?.owner == "owner-41")
    #expect(sums.otherOwnersCount == 10)
    #expect(sums.owners.reduce(0) { $0 + $1.tokens.total } + sums.otherOwners.tokens.total == 61)
}

@Test(arguments: [
    (TimeSpan.days(90), Histogram.Edge.allowed, 0), (.days(90) + TimeSpan(seconds: 1), .allowed, 1),
    (.days(90), .broken, 1), (.days(90) - TimeSpan(seconds: 1), .broken, 0),
    (TimeSpan(seconds: -5), .allowed, 0),
])
func `a value on a limit lies on the side that the rule puts it`(
    length: TimeSpan, edge: Histogram.Edge, side: Int
) {
    var histogram = Histogram(limits: [.days(90)], edge: edge)
    histogram.add(length, violating: false)
    let below = histogram.buckets.filter { $0.to.map { $0 <= .days(90) } ?? false }.reduce(0) {
        $0 + $1.count
    }
    #expect(below == 1 - side)
    #expect(histogram.total == 1)
}

@Test func `limits are edges of the histogram, and usual edges close to them are left out`() {
    let histogram = Histogram(limits: [.days(85), .days(85), .hours(36)], edge: .allowed)
    #expect(histogram.limits == [.hours(36), .days(85)])
    #expect(
        histogram.buckets.compactMap(\.to) == [
            .hours(36), .days(7), .days(30), .days(60), .days(85), .days(180), .days(365), .days(730),
        ])
}

@Test func `ends are counted by days of UTC, today included`() {
    var outlook = ExpiryOutlook(at: judgedAt)
    outlook.add(judgedAt + TimeSpan(seconds: 1), authenticates: true)
    outlook.add(judgedAt.midnight + .days(1), authenticates: true)
    outlook.add(judgedAt.midnight + .days(90) + TimeSpan(seconds: 86_399), authenticates: true)
    outlook.add(judgedAt.midnight + .days(91), authenticates: true)
    outlook.add(Instant(seconds: 253_402_300_799), authenticates: true)
    outlook.add(nil, authenticates: true)
    outlook.add(judgedAt - .days(1), authenticates: false)
    #expect(
        outlook.coming.filter { $0.count > 0 }.map(\.date.date) == ["2026-11-24", "2026-11-25", "2027-02-22"])
    #expect(outlook.later == 2)
    #expect(outlook.never == 1)
    #expect(outlook.past == 1)
    #expect(outlook.comingTotal == 3)
    #expect(Instant(seconds: -1).midnight == Instant(seconds: -86_400))
}

@Test func `the foremost are those that sorting would put first`() {
    var state: UInt64 = 7
    var keys: [Int64] = []
    var foremost = Foremost<Int>(50)
    for index in 0..<2000 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        keys.append(Int64(state >> 56))
        foremost.offer(keys[index]) { index }
    }
    let sorted = keys.indices.sorted { (keys[$1], $0) < (keys[$0], $1) }
    #expect(foremost.sorted() == Array(sorted.prefix(50)))
    #expect(foremost.offered == 2000)
}

@Test func `what is kept does not grow with the number of tokens`() {
    var builder = ReportBuilder(policies: policies, at: judgedAt, since: judgedAt - .days(30))
    var kind = aged(0, age: 200)
    let judged = rulings(kind)
    for number in 0..<200_000 {
        kind.id = TokenID("t\(number)")
        kind.owner = "owner-\(number)"
        kind.issuer = .external(kind: "k\(number % 300)")
        builder.add(
            kind, judged, idle: nil,
            blocked: BlockedCall(
                reason: .issuerNotDriven, rule: RuleReference(policy: "rotation", rule: "max-age")))
    }
    let sums = builder.summary()
    #expect(sums.evaluated == 200_000)
    #expect(sums.violations.count == ReportBuilder.mostViolations)
    #expect(sums.owners.count == ReportBuilder.mostOwners)
    #expect(sums.otherOwnersCount < 10_000)
    #expect(sums.otherOwners.tokens.total == 200_000 - ReportBuilder.mostOwners)
    #expect(sums.inventory.external.count == 101)
    #expect(sums.inventory.external.values.reduce(0, +) == 200_000)
    #expect(sums.blocked == [.issuerNotDriven: 200_000])
}

@Test func `what is blocked, and the worst, is told of the policy that acts and not of one that only observes`() {
    let policies = [
        Policy(name: "baseline", mode: .observe, rules: [Rule(.maxAge(.days(30)), action: .rotate)]),
        Policy(name: "production", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate)]),
    ]
    func summary(age: Int64) -> ComplianceSummary {
        var builder = ReportBuilder(policies: policies, at: judgedAt, since: judgedAt - .days(30))
        var rulings: [Planner.Ruling] = []
        let token = aged(1, age: age)
        Planner(policies: PolicySet(policies), vaults: [], tracking: .unbroken)
            .judge(token, at: judgedAt, into: &rulings)
        let rule = RuleReference(policy: "production", rule: "max-age")
        builder.add(
            token, rulings, idle: nil, blocked: age > 90 ? BlockedCall(reason: .conflict, rule: rule) : nil)
        return builder.summary()
    }
    let both = summary(age: 100)
    #expect(both.rows.blocked.map(\.policy) == ["production"] && both.rows.blocked[0].blocked == .conflict)
    #expect(both.worstOffenders(5).map(\.policy) == ["production"] && both.violations.first?.ofToken == 2)
    #expect(both.rows.violations.map { $0.map { $0.map(\.blocked) } } == [[[nil]], [[.conflict]]])
    // Where none acts on it, what observes it is told of.
    #expect(summary(age: 40).worstOffenders(5).map(\.policy) == ["baseline"])
}
