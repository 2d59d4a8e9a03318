import RotaCore
import Testing

/// What a waiver covers, for how long, and who may approve it.
@Suite struct WaiverTests {
    private static let rotate = Policy(
        name: "age", mode: .enforce,
        rules: [
            Rule(.maxAge(.days(90)), action: .rotate), Rule(.unusedFor(.days(30)), action: .quarantine),
        ])
    private static let notify = Policy(
        name: "ends", mode: .enforce,
        rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .notify)])

    private static let alice = Principal(account: "cli:alice")
    private static let bob = Principal(name: "bob", account: "cli:rota", tokenID: TokenID("tok_bob"))

    private func waiver(
        _ id: String = "waiver_1", _ subject: Waiver.Subject = .token(TokenID("tok_1")), policy: String = "age",
        rule: String? = nil, ends: TimeSpan = .days(30), state: Waiver.State = .active,
        approved: TimeSpan = .days(1)
    ) -> Waiver {
        Waiver(
            id: id, subject: subject, policy: policy, rule: rule, reason: "the vendor", requester: Self.alice,
            requestedAt: ago(approved), endsAt: now + ends, state: state,
            approval: state == .active ? Waiver.Approval(approver: Self.bob, at: ago(approved)) : nil)
    }

    private func decide(_ waivers: [Waiver], _ token: Token, at instant: Instant = now) -> Planner.Decision {
        Planner(
            policies: PolicySet([Self.rotate, Self.notify]), vaults: ["main"], tracking: .unbroken,
            waivers: ActiveWaivers(waivers)
        ).decide(token, at: instant) { [Destination(vault: "main", path: "app")] }
    }

    /// Too old, idle for too long, and without an end.
    private var bad: Token { token(age: .days(91), usage: .lastUsed(ago(.days(31)))) }

    @Test func `a waived rule calls for nothing, keeps what it would be, and leaves the next strictest`() throws {
        let decision = decide([waiver(rule: "unused-for")], bad)
        #expect(decision.rulings.map(\.verdict.status) == [.violating, .waived, .violating])
        let waived = decision.rulings[1]
        #expect(waived.verdict.wouldBe == .violating && waived.verdict.reason.code == "idle-too-long")
        #expect(waived.waiver == 0 && !waived.verdict.calls)
        let action = try #require(decision.action)
        #expect(action.action == .rotate)
        #expect(action.covers == [RuleReference(policy: "ends", rule: "expiry")])
        #expect(decide([], bad).action?.action == .quarantine)
    }

    @Test func `without a rule all of the policy is waived, and no other one`() {
        let decision = decide([waiver()], bad)
        #expect(decision.rulings.map(\.verdict.status) == [.waived, .waived, .violating])
        #expect(decision.action?.action == .notify)
    }

    @Test func `what complies while it is waived is waived, too`() {
        let decision = decide([waiver()], token(expiresIn: .days(9)))
        #expect(decision.rulings.map(\.verdict.status) == [.waived, .waived, .compliant])
        #expect(decision.rulings[0].verdict.wouldBe == .compliant)
    }

    @Test func `it counts until its end, and exactly then no more`() {
        let end = now + .days(30)
        #expect(decide([waiver()], bad, at: end - second).rulings[0].verdict.status == .waived)
        #expect(decide([waiver()], bad, at: end).rulings[0].verdict.status == .violating)
    }

    @Test(arguments: [Waiver.State.requested, .expired, .withdrawn])
    func `only an approved one counts`(state: Waiver.State) {
        #expect(decide([waiver(state: state)], bad).action?.action == .quarantine)
    }

    @Test func `one for what matches covers that and nothing else`() {
        let matching = Selector(labels: ["env": [Glob("prod*")]], owners: [Glob("team-a")])
        let waivers = [waiver("w", .matching(matching))]
        #expect(decide(waivers, bad).rulings[0].waiver == 0)
        var other = bad
        other.owner = "team-b"
        #expect(decide(waivers, other).rulings[0].waiver == nil)
        #expect(decide([waiver("w", .token(TokenID("tok_2")))], bad).rulings[0].waiver == nil)
        #expect(matching.sentence == "owner team-a, label env=prod*")
    }

    @Test func `of several the one that ends last is told`() {
        let waivers = [
            waiver("a", ends: .days(3)), waiver("b", .matching(.all), ends: .days(9)), waiver("c", ends: .days(9)),
        ]
        #expect(decide(waivers, bad).rulings[0].waiver == 2)
    }

    @Test func `nobody is told of what is waived`() {
        var policy = Self.rotate
        policy.notifyBefore = [.days(14)]
        func notices(_ waivers: [Waiver]) -> Int {
            Planner(
                policies: PolicySet([policy]), vaults: ["main"], tracking: .unbroken, waivers: ActiveWaivers(waivers)
            ).decide(token(age: .days(80)), at: now) { [Destination(vault: "main", path: "a")] }.notices.count
        }
        #expect(notices([]) == 1)
        #expect(notices([waiver()]) == 0)
    }

    @Test func `the revocation that a quarantine comes to waits for the end of a waiver`() throws {
        let idle = Policy(
            name: "idle", mode: .enforce,
            rules: [Rule(.unusedFor(.days(30)), action: .quarantine, revokeAfter: .days(14))])
        let held = token(state: .quarantined)
        let quarantine = Quarantine(
            since: ago(.days(20)), by: "policy:idle", cause: "unused",
            rule: RuleReference(policy: "idle", rule: "unused-for"))
        let waivers = ActiveWaivers([waiver(policy: "idle", ends: .days(2))])
        #expect(quarantine.revocation(of: held, by: [idle])?.at == ago(.days(6)))
        #expect(quarantine.revocation(of: held, by: [idle], waivers: waivers)?.at == now + .days(2))
        func action(at instant: Instant) -> Action? {
            Planner(policies: PolicySet([idle]), vaults: [], tracking: .unbroken, waivers: waivers)
                .decide(held, in: quarantine, at: instant) { nil }.action?.action
        }
        #expect(action(at: now + .days(2) - second) == nil)
        #expect(action(at: now + .days(2)) == .revoke)
    }

    @Test func `what follows is told from the end of the waiver on`() throws {
        let timeline = Timeline(
            of: bad, at: [Destination(vault: "main", path: "a")], vaults: ["main"], policies: [Self.rotate], at: now,
            tracking: .unbroken, waivers: ActiveWaivers([waiver(rule: "max-age")]))
        let rules = timeline.policies[0].rules
        #expect(rules[0].verdict.status == .waived && rules[0].waiver?.id == "waiver_1")
        #expect(rules[0].start == now + .days(30) && rules[0].notices.isEmpty)
        #expect(rules[1].verdict.status == .violating && rules[1].waiver == nil)
    }

    // MARK: - Its end

    @Test func `notices of its end come once for each lead time, the nearest for all that have passed`() {
        var waiver = waiver()
        func due(_ before: TimeSpan) -> TimeSpan? { waiver.noticeDue(at: waiver.endsAt - before) }
        #expect(due(.days(14) + second) == nil)
        #expect(due(.days(14)) == .days(14))
        #expect(due(.days(1)) == .days(1))
        waiver.toldLead = .days(14)
        #expect(due(.days(13)) == nil)
        #expect(due(.hours(3)) == .days(1))
        waiver.toldLead = .days(1)
        #expect(due(.hours(3)) == nil)
        waiver.toldLead = nil
        #expect(due(.zero) == nil, "its end is no notice")
    }

    @Test func `a notice that would come with the approval itself is none`() {
        let short = waiver(ends: .days(6), approved: .zero)
        #expect(short.noticeDue(at: now) == nil)
        #expect(short.noticeDue(at: short.endsAt - .days(1)) == .days(1))
        let shorter = waiver(ends: .hours(5), approved: .zero)
        #expect(shorter.noticeDue(at: shorter.endsAt - second) == nil)
        #expect(waiver(state: .requested).noticeDue(at: now + .days(29)) == nil)
    }

    @Test(arguments: [(Waiver.State.requested, true), (.active, true), (.expired, false), (.withdrawn, false)])
    func `one at its end is to be marked, approved or not`(state: Waiver.State, isOver: Bool) {
        let waiver = waiver(ends: .zero, state: state)
        #expect(waiver.isOver(at: now) == isOver)
        #expect(!waiver.isOver(at: now - second))
    }

    // MARK: - Who may what

    @Test func `somebody else approves, by name and by token`() throws {
        let asked = waiver(state: .requested)
        func refusal(_ approver: Principal, _ waiver: Waiver) -> WaiverRefusal? {
            waiver.obstacle(toApprovalBy: approver, longest: .days(366), at: now)
        }
        #expect(refusal(Self.bob, asked) == nil)
        for own in [
            Self.alice, Principal(name: "Alice", account: "cli:rota", tokenID: TokenID("tok_a")),
            Principal(name: "alice ", account: "x", tokenID: nil),
        ] { #expect(try #require(refusal(own, asked)).message.contains("cannot approve it"), "\(own)") }
        // As an address of his, or by a token of his own name with another owner.
        for own in [
            Principal(name: "alice@example.com", account: "token:a", tokenID: TokenID("tok_a"), tokenName: "a"),
            Principal(name: "team", account: "token:alice", tokenID: TokenID("tok_a"), tokenName: "alice"),
        ] { #expect(refusal(own, asked) != nil, "\(own)") }
        var byToken = asked
        byToken.requester = Principal(name: "team", account: "cli:x", tokenID: TokenID("tok_bob"))
        #expect(refusal(Self.bob, byToken) != nil)
        byToken.requester = Principal(account: "cli:bob as rota")
        #expect(refusal(Self.bob, byToken) != nil)
    }

    @Test(arguments: [
        (Principal(account: "cli:rota"), "from the account cli:rota without a token: let somebody else"),
        (Principal(name: "Bob", account: "cli:x", tokenID: TokenID("tok_b")), "by Bob, from cli:x; an approval is"),
    ])
    func `who approves from the account of a request without a token is told so, and nobody is said to have asked`(
        requester: Principal, hint: String
    ) throws {
        var asked = waiver(state: .requested)
        asked.requester = requester
        let refusal = try #require(asked.obstacle(toApprovalBy: Self.bob, longest: .days(366), at: now))
        #expect(refusal.message == "bob may be who asked for the waiver waiver_1, and cannot approve it")
        #expect(refusal.hint.contains(hint))
        #expect(requester.others.hasSuffix("from another account,") == (requester.tokenID == nil))
    }

    @Test func `what is over, approved, or too long is not approved`() {
        func message(_ waiver: Waiver, longest: TimeSpan = .days(366)) -> String {
            waiver.obstacle(toApprovalBy: Self.bob, longest: longest, at: now)?.message ?? ""
        }
        #expect(message(waiver()).contains("approved already"))
        #expect(message(waiver(ends: .zero, state: .requested)).contains("ended at"))
        #expect(message(waiver(state: .withdrawn)).contains("withdrawn"))
        #expect(message(waiver(ends: .days(9), state: .requested), longest: .days(9)) == "")
        #expect(
            message(waiver(ends: .days(9) + second, state: .requested), longest: .days(9)).contains("9 days at most"))
        #expect(waiver(ends: .zero, state: .requested).obstacle(toLasting: .days(1), from: now) != nil)
    }

    @Test func `tokens are counted by what waives them, each once`() {
        let waivers = ActiveWaivers([waiver(), waiver("w", .matching(.all), policy: "ends")])
        let planner = Planner(
            policies: PolicySet([Self.rotate, Self.notify]), vaults: [], tracking: .unbroken, waivers: waivers)
        var tally = WaivedTally(waivers)
        for token in [bad, token("tok_2", age: .days(91), expiresIn: .days(4))] {
            var rulings: [Planner.Ruling] = []
            planner.judge(token, at: now, into: &rulings)
            tally.add(rulings)
        }
        #expect(tally.uses.map(\.tokens) == [1, 2])
        #expect(tally.uses.map(\.held) == [1, 1])
    }
}
