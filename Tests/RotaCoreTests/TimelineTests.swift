import RotaCore
import Testing

@Suite struct TimelineTests {
    static let policy = Policy(
        name: "p", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24))],
        notifyBefore: [.days(14), .days(3)])

    @Test func `a timeline has the notices, the start, the deadline and the end of the overlap`() throws {
        let timeline = Timeline(of: token(age: .days(10)), policies: [Self.policy], at: now, tracking: .unbroken)
        let rule = try #require(timeline.policies.first?.rules.first)
        #expect(rule.deadline == now + .days(80))
        #expect(rule.start == now + .days(76))
        #expect(rule.notices.map(\.at) == [now + .days(66), now + .days(77)])
        #expect(rule.overlapEnd == now + .days(77))
    }

    @Test func `an overlap that should have begun is counted from now`() throws {
        let timeline = Timeline(of: token(age: .days(100)), policies: [Self.policy], at: now, tracking: .unbroken)
        #expect(timeline.policies.first?.rules.first?.overlapEnd == now + .hours(24))
    }

    @Test func `a policy that does not select it says why`() {
        var other = Self.policy
        other.selector = Selector(owners: [Glob("sec-*")])
        let timeline = Timeline(of: token(), policies: [other, Self.policy], at: now, tracking: .unbroken)
        #expect(timeline.policies.first?.mismatch?.description == "its owner is 'team-a', not 'sec-*'")
        #expect(timeline.policies.map(\.rules.count) == [0, 1])
    }

    @Test func `a token that cannot authenticate is not evaluated, and it is said why`() {
        let revoked = Timeline(of: token(state: .revoked), policies: [Self.policy], at: now, tracking: .unbroken)
        #expect(revoked.notEvaluated == "it is revoked")
        #expect(revoked.policies.map(\.rules.count) == [0])
        let ended = Timeline(of: token(expiresIn: .zero), policies: [Self.policy], at: now, tracking: .unbroken)
        #expect(ended.notEvaluated == "it ended at \(now)")
    }
}
