import RotaCore
import Testing

@Suite struct PlannerTests {
    static let rotate = Policy(
        name: "rotate", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(1))]
    )
    static let revoke = Policy(
        name: "revoke", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .revoke)])
    static let notify = Policy(
        name: "notify", mode: .enforce,
        rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .notify)])

    private func decide(_ policies: [Policy], _ token: Token, vault: String = "main") -> Planner.Decision {
        Planner(policies: PolicySet(policies), vaults: ["main"], tracking: .unbroken)
            .decide(token, at: now) { [Destination(vault: vault, path: "app")] }
    }

    @Test func `the strictest action wins and covers the others`() throws {
        let stale = token(age: .days(91), usage: .lastUsed(ago(.days(40))))
        let decision = decide([Self.notify, Self.rotate, Self.revoke], stale)
        let action = try #require(decision.action)
        #expect(action.action == .revoke)
        #expect(action.policy == "revoke")
        #expect(action.revision == 7)
        #expect(
            action.covers == [
                RuleReference(policy: "notify", rule: "expiry"),
                RuleReference(policy: "rotate", rule: "max-age"),
            ])
        #expect(decision.rulings.count == 3)
        #expect(decision.policy == 2)
    }

    @Test func `a tie goes to the earlier deadline`() throws {
        var stricter = Self.rotate
        stricter.name = "stricter"
        stricter.rules = [Rule(.maxAge(.days(60)), action: .rotate)]
        let action = try #require(decide([Self.rotate, stricter], token(age: .days(91))).action)
        #expect(action.policy == "stricter")
        #expect(action.covers == [RuleReference(policy: "rotate", rule: "max-age")])
    }

    @Test(arguments: [Mode.observe, .warn])
    func `only policies in enforce act`(_ mode: Mode) {
        var policy = Self.rotate
        policy.mode = mode
        let decision = decide([policy], token(age: .days(91)))
        #expect(decision.action == nil)
        #expect(decision.rulings.map(\.verdict.status) == [.violating])
    }

    @Test func `nothing is done while a rotation is under way`() {
        #expect(decide([Self.rotate], token(age: .days(91), rotationOpen: true)).action == nil)
    }

    @Test(arguments: [rotate, revoke])
    func `a token of another issuer is blocked, not acted on`(_ policy: Policy) throws {
        let external = token(
            age: .days(91), usage: .lastUsed(ago(.days(40))), issuer: .external(kind: "aws-iam"))
        #expect(try #require(decide([policy], external).action).blocked == .issuerNotDriven)
    }

    @Test func `a token without a destination is never rotated blindly`() throws {
        let action = try #require(decide([Self.rotate], token(age: .days(91), destinations: 0)).action)
        #expect(action.blocked == .noDestination)
    }

    @Test func `a destination in an unknown vault blocks`() throws {
        #expect(
            try #require(decide([Self.rotate], token(age: .days(91)), vault: "gone").action).blocked
                == .unknownVault)
        #expect(try #require(decide([Self.rotate], token(age: .days(91))).action).blocked == nil)
    }

    @Test func `a token without a destination can be revoked`() throws {
        let idle = token(usage: .lastUsed(ago(.days(40))), destinations: 0)
        #expect(try #require(decide([Self.revoke], idle).action).blocked == nil)
    }

    @Test func `an action carries the overlap only when it rotates`() throws {
        #expect(try #require(decide([Self.rotate], token(age: .days(91))).action).overlap == .hours(1))
        #expect(try #require(decide([Self.notify], token()).action).overlap == .zero)
    }

    // MARK: pace and limits

    private func action(
        _ id: String, deadline: Instant?, blocked: BlockedReason? = nil, action: Action = .rotate
    ) -> PlannedAction {
        PlannedAction(
            tokenID: TokenID(id), name: id, owner: "", revision: 1, action: action, policy: "p",
            rule: "max-age",
            verdict: Verdict(.violating, .ageUnknown, deadline: deadline), blocked: blocked)
    }

    @Test func `a plan is ordered by deadline, then token, none last`() {
        let actions = [
            action("d", deadline: nil), action("c", deadline: now), action("b", deadline: now),
            action("a", deadline: nil), action("z", deadline: ago(second)),
        ]
        #expect(PlannedActions(actions).map(\.name) == ["z", "b", "c", "a", "d"])
    }

    @Test func `beyond the pace actions wait, and what is blocked or tells only takes no place`() {
        var actions = PlannedActions([
            action("a", deadline: now, blocked: .conflict), action("b", deadline: now, action: .notify),
            action("c", deadline: now), action("d", deadline: now), action("e", deadline: now),
        ])
        actions.hold(toPaceOf: [Policy(name: "p", rules: [], pace: 2)])
        #expect(actions.filter(\.waiting).map(\.name) == ["e"])
        #expect(actions.filter(\.takesEffect).map(\.name) == ["c", "d"])
    }

    @Test(arguments: [(10, 100, false), (11, 100, true), (1, 3, false), (2, 3, true), (1, 0, false)])
    func `a share allows its percentage, and at least one`(_ actions: Int, _ total: Int, _ refused: Bool) {
        let check = LimitCheck(LimitScope(policy: "p"), ceiling: Ceiling(percent: 10), actions: actions)
        #expect((check.refusal(total: total) != nil) == refused)
    }

    @Test func `a refusal has the numbers in it, and whose they are`() {
        func refusal(_ scope: LimitScope, _ ceiling: Ceiling, _ actions: Int, of total: Int = 0) -> String? {
            LimitCheck(scope, ceiling: ceiling, actions: actions).refusal(total: total)
        }
        let (policy, plan) = (LimitScope(policy: "p"), LimitScope())
        #expect(
            refusal(policy, Ceiling(percent: 10), 12, of: 40)
                == "policy 'p' would act on 12 of 40 tokens that it selects; its limit is 10 percent, which is 4")
        #expect(refusal(plan, Ceiling(actions: 5), 6) == "the plan would act on 6 tokens; its limit is 5 actions")
        #expect(refusal(plan, Ceiling(actions: 6), 6) == nil)
        #expect(
            LimitCheck(plan, ceiling: Ceiling(actions: 5), actions: 6, ahead: CountedAhead(approval: 3, turn: 1))
                .refusal(total: 0)
                == "the plan would act on 6 tokens (3 of them wait for an approval, 1 for its turn); "
                + "its limit is 5 actions")
        #expect(
            LimitCheck(policy, ceiling: Ceiling(percent: 10), actions: 12, ahead: CountedAhead(turn: 2))
                .refusal(total: 40)
                == "policy 'p' would act on 12 of 40 tokens that it selects (2 of them wait for their turn); "
                + "its limit is 10 percent, which is 4")
        #expect(
            refusal(LimitScope(policy: "p", .owner("team-a")), Ceiling(actions: 1), 2)
                == "policy 'p' would act on 2 tokens of owner 'team-a'; its limit per owner is 1 action")
        #expect(
            refusal(LimitScope(.owner("")), Ceiling(percent: 50), 3, of: 4)
                == "the plan would act on 3 of 4 active or quarantined tokens without an owner; "
                + "its limit per owner is 50 percent, which is 2")
        #expect(
            refusal(LimitScope(policy: "p", .vault("main")), Ceiling(percent: 50), 3, of: 4)
                == "policy 'p' would act on 3 of 4 tokens with a destination in vault 'main' that it selects; "
                + "its limit per vault is 50 percent, which is 2")
    }
}
