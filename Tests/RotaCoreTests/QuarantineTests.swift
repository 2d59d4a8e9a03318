import RotaCore
import Testing

/// When a quarantine is called for, and what it comes to.
@Suite struct QuarantineTests {
    private static let reference = RuleReference(policy: "idle", rule: "unused-for")

    private func policy(
        _ mode: Mode = .enforce, action: Action = .quarantine, after: TimeSpan? = .days(14),
        selector: Selector = .all
    ) -> Policy {
        Policy(
            name: "idle", mode: mode, selector: selector,
            rules: [Rule(.unusedFor(.days(30)), action: action, revokeAfter: after)])
    }

    private func planner(_ policies: Policy...) -> Planner {
        Planner(policies: PolicySet(policies), vaults: ["main"], tracking: .unbroken)
    }

    private func quarantine(_ age: TimeSpan = .days(14), rule: RuleReference? = reference) -> Quarantine {
        Quarantine(since: ago(age), by: "policy:idle", cause: "unused", rule: rule)
    }

    private func action(_ policies: [Policy], _ quarantine: Quarantine, _ token: Token) -> PlannedAction? {
        Planner(policies: PolicySet(policies), vaults: [], tracking: .unbroken)
            .decide(token, in: quarantine, at: now) { nil }.action
    }

    @Test func `actions are ordered by strictness`() {
        #expect(Action.allCases.sorted() == [.notify, .setExpiry, .rotate, .quarantine, .revoke])
    }

    @Test func `an unused token is quarantined, but not while a new value is on its way`() {
        let idle = Usage.lastUsed(ago(.days(31)))
        func decided(_ token: Token) -> Action? { planner(policy()).decide(token, at: now) { [] }.action?.action }
        #expect(decided(token(usage: idle)) == .quarantine)
        #expect(decided(token(usage: idle, rotationOpen: true)) == nil)
        #expect(decided(token(usage: idle, awaitingRetirement: true)) == .quarantine)
        let foreign = planner(policy()).decide(token(usage: idle, issuer: .external(kind: "x")), at: now) { [] }
        #expect(foreign.action?.blocked == .issuerNotDriven)
    }

    @Test func `a token that was restored is idle since then at the most`() {
        var restored = token(usage: .lastUsed(ago(.days(60))))
        restored.restoredAt = ago(.days(29))
        #expect(planner(policy()).decide(restored, at: now) { [] }.action == nil)
        restored.restoredAt = ago(.days(30))
        #expect(planner(policy()).decide(restored, at: now) { [] }.action?.action == .quarantine)
        restored.usage = .unknown
        #expect(restored.idleSince == nil)
    }

    @Test func `a quarantine comes to a revocation when its time has passed, and not a second before`() {
        let token = token(state: .quarantined)
        let planned = action([policy()], quarantine(), token)
        #expect(planned?.action == .revoke)
        #expect(planned?.verdict.reason.code == "quarantine-over")
        #expect(planned?.verdict.deadline == now)
        #expect(action([policy()], quarantine(.days(14) - second), token) == nil)
    }

    @Test func `a quarantine that no loaded rule ends goes on`() {
        let held = token(state: .quarantined)
        #expect(action([], quarantine(), held) == nil, "the policy is gone")
        #expect(action([policy(.warn)], quarantine(), held) == nil, "it does not act")
        #expect(action([policy(action: .revoke)], quarantine(), held) == nil, "the rule does something else")
        #expect(action([policy(after: nil)], quarantine(), held) == nil, "it says nothing of an end")
        #expect(action([policy(selector: Selector(owners: [Glob("b")]))], quarantine(), held) == nil, "not selected")
        #expect(action([policy()], quarantine(rule: nil), held) == nil, "a person did it")
        #expect(action([policy()], quarantine(), token()) == nil, "it was restored")
    }

    @Test func `a restoration begins the silence of an older value anew`() {
        func evidence(restored: TimeSpan) -> OverlapEvidence {
            OverlapEvidence(overlap: .hours(10), at: now, tracking: .unbroken, restoredAt: ago(restored))
        }
        let lastUse = ago(.days(20))
        #expect(evidence(restored: .hours(4)).obstacle(lastUse: lastUse, newerUsed: true) == .stillUsed(last: lastUse))
        #expect(evidence(restored: .hours(6)).obstacle(lastUse: lastUse, newerUsed: true) == nil)
        #expect(
            evidence(restored: .hours(6)).obstacle(lastUse: ago(.days(40)), newerUsed: false)
                == .newerNotSeen(last: ago(.days(40))))
    }

    @Test func `the dates of an unused token say when it is revoked`() throws {
        let timeline = Timeline(
            of: token(usage: .lastUsed(ago(.days(10)))), at: [], vaults: [], policies: [policy()], at: now,
            tracking: .unbroken)
        #expect(try #require(timeline.policies.first?.rules.first).revocation == now + .days(34))
    }
}
