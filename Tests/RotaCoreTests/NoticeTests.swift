import RotaCore
import TestSupport
import Testing

/// When people are told of what is coming, and what waits for that.
@Suite struct NoticeTests {
    static let limit = TimeSpan.days(30)

    private static func policy(
        _ action: Action = .revoke, before: [TimeSpan] = [.days(14), .days(3), .days(1)], minimum: TimeSpan? = nil,
        mode: Mode = .enforce, name: String = "p"
    ) -> Policy {
        Policy(
            name: name, mode: mode, rules: [Rule(.unusedFor(limit), action: action)], notifyBefore: before,
            minimumNotice: minimum)
    }

    private func decide(
        _ policies: [Policy], _ token: Token, _ sent: [StandingNotice] = [], at instant: Instant = now
    ) -> Planner.Decision {
        Planner(policies: PolicySet(policies), vaults: ["main"], tracking: .unbroken)
            .decide(token, at: instant, notices: { sent }) { [Destination(vault: "main", path: "app")] }
    }

    /// Whose action is this far ahead.
    private func idle(_ left: TimeSpan) -> Token { token(usage: .lastUsed(now + left - Self.limit)) }

    /// Sent in the past of the action that is this far ahead now.
    private func sent(
        _ lead: TimeSpan, left: TimeSpan, first: TimeSpan = .days(5), action: Action = .revoke, policy: String = "p",
        rule: String = "unused-for"
    ) -> StandingNotice {
        StandingNotice(
            rule: RuleReference(policy: policy, rule: rule), action: action, origin: now + left - Self.limit,
            start: now + left, lead: lead, firstSentAt: ago(first), sentAt: ago(first))
    }

    // MARK: Stages

    static let stages: [(left: TimeSpan, stage: Int?, daysLeft: Int64?)] = [
        (.days(14) + second, nil, nil), (.days(14), 1, 14), (.days(14) - second, 1, 13), (.days(3) + second, 1, 3),
        (.days(3), 2, 3), (.days(1) + second, 2, 1), (.days(1), 3, 1), (second, 3, 0), (.zero, 3, 0),
        (.zero - .days(40), 3, 0),
    ]

    @Test(arguments: stages)
    func `a stage begins exactly its lead time before the action, and the nearest stands for all that have passed`(
        left: TimeSpan, stage: Int?, daysLeft: Int64?
    ) {
        let notices = decide([Self.policy()], idle(left)).notices
        #expect(notices.map(\.stage) == (stage.map { [$0] } ?? []))
        #expect(notices.map(\.daysLeft) == (daysLeft.map { [$0] } ?? []))
        #expect(notices.map(\.begins) == (stage == nil ? [] : [now + max(left, .zero)]))
        #expect(notices.allSatisfy { $0.stages == 3 })
    }

    @Test func `each stage is sent once`() {
        for (lead, left, stage) in [
            (TimeSpan.days(14), TimeSpan.days(4), Int?.none), (.days(14), .days(3), 2), (.days(3), .days(2), nil),
            (.days(3), .days(1), 3), (.days(1), .zero, nil), (.days(14), .zero, 3),
        ] {
            let notices = decide([Self.policy()], idle(left), [sent(lead, left: left)]).notices
            #expect(notices.map(\.stage) == (stage.map { [$0] } ?? []), "\(lead) sent, \(left) left")
        }
    }

    @Test func `a lead time counts back from where the action begins, not from the deadline`() {
        let policy = Policy(
            name: "p", mode: .enforce,
            rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .days(1))],
            notifyBefore: [.days(3)])
        #expect(decide([policy], token(age: .days(83) - second)).notices.isEmpty)
        let notice = decide([policy], token(age: .days(83))).notices.first
        #expect(notice?.begins == now + .days(3))
        #expect(notice?.coming.verdict.deadline == now + .days(7))
    }

    @Test(arguments: [(Mode.observe, 0), (.warn, 1), (.enforce, 1)])
    func `who observes tells nobody`(mode: Mode, count: Int) {
        #expect(decide([Self.policy(mode: mode)], idle(.days(2))).notices.count == count)
    }

    @Test func `a use or a rotation moves the deadline, and the stages begin anew`() {
        let before = sent(.days(1), left: .days(1))
        #expect(decide([Self.policy()], idle(.days(12)), [before]).notices.map(\.stage) == [1])
        #expect(decide([Self.policy()], idle(.days(12)), [before]).notices.map(\.firstSentAt) == [now])
        #expect(decide([Self.policy()], idle(.days(12)), [before]).standing.isEmpty)
        #expect(decide([Self.policy()], idle(.days(20)), [before]).notices.isEmpty)
    }

    @Test func `a token that was restored has another deadline, though nobody used it`() {
        var restored = idle(.zero - .days(100))
        restored.restoredAt = ago(.days(29))
        let before = sent(.days(1), left: .zero - .days(100), first: .days(100))
        let decision = decide([Self.policy(minimum: .days(3))], restored, [before])
        #expect(decision.standing.isEmpty)
        #expect(decision.notices.map(\.firstSentAt) == [now])
    }

    @Test func `a start that moves away while nobody watches is the same one, a nearer one is another`() {
        for (moved, isSame) in [
            (TimeSpan.days(2), true), (.zero, true), (.zero - .hours(1), true), (.zero - .hours(1) - second, false),
        ] {
            var told = sent(.days(14), left: .days(5))
            told.start = now + .days(5) - moved
            let decision = decide([Self.policy()], idle(.days(5)), [told])
            #expect(decision.notices.isEmpty == isSame)
            #expect(decision.standing.count == (isSame ? 1 : 0))
        }
    }

    @Test func `nothing is told of what is blocked, under way or not known`() {
        #expect(decide([Self.policy()], token(usage: .unknown)).notices.isEmpty)
        let external = token(usage: .lastUsed(ago(.days(29))), issuer: .external(kind: "x"))
        #expect(decide([Self.policy()], external).notices.isEmpty)
        let rotate = Policy(
            name: "p", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate)], notifyBefore: [.days(3)])
        #expect(decide([rotate], token(age: .days(91), rotationOpen: true)).notices.isEmpty)
        #expect(decide([rotate], token(age: .days(91), destinations: 0)).notices.isEmpty)
        #expect(decide([rotate], token(age: .days(91))).notices.count == 1)
    }

    @Test func `of a notification only what is ahead is told`() {
        #expect(decide([Self.policy(.notify)], idle(second)).notices.map(\.stage) == [3])
        #expect(decide([Self.policy(.notify)], idle(.zero)).notices.isEmpty)
    }

    @Test func `what is called for at once is told of at once, and once`() {
        let ownerless = Policy(
            name: "p", mode: .enforce, rules: [Rule(.owner([]), action: .quarantine)],
            notifyBefore: [.days(14), .days(3)])
        let notice = decide([ownerless], token(owner: "")).notices.first
        #expect(notice?.stage == 2 && notice?.begins == now && notice?.daysLeft == 0)
        let again = decide([ownerless], token(owner: ""), notice.map { [$0.standing] } ?? [])
        #expect(again.notices.isEmpty)
    }

    @Test func `a notice stands while nobody knows what its rule says, and ends when it is known to be over`() throws {
        let policy = Self.policy()
        let terms = try #require(NoticeTerms(policy))
        let told = sent(.days(3), left: .days(2))
        func keeps(
            _ status: Verdict.Status, _ reason: Reason, start: Instant?, action: Action = .revoke
        ) -> Bool {
            let coming = ComingAction(
                rule: told.rule, action: action, verdict: Verdict(status, reason, start: start),
                origin: status == .unknown ? nil : told.origin)
            return terms.keeps(told, for: coming, at: now)
        }
        #expect(keeps(.unknown, .usageUnknown, start: nil))
        #expect(!keeps(.unknown, .usageUnknown, start: nil, action: .quarantine), "that is another action")
        #expect(!keeps(.compliant, .asRequired, start: nil))
        #expect(keeps(.compliant, .asRequired, start: told.start))
    }

    // MARK: The minimum

    @Test func `an overdue action waits for its first notice, which leads up to it`() throws {
        let decision = decide([Self.policy(minimum: .days(3))], idle(.zero - .days(100)))
        let action = try #require(decision.action)
        #expect(action.waiting && action.mayBegin == now + .days(3) && action.waitingFor == .notice)
        #expect(!action.takesEffect)
        let notice = try #require(decision.notices.first)
        #expect(notice.stage == 2 && notice.begins == now + .days(3) && notice.firstSentAt == now)
        // A day before it is taken the next stage comes.
        let later = decide(
            [Self.policy(minimum: .days(3))], idle(.zero - .days(100)), [notice.standing], at: now + .days(2))
        #expect(later.notices.map(\.stage) == [3] && later.notices.first?.begins == now + .days(3))
        #expect(later.notices.first?.firstSentAt == now)
    }

    @Test(arguments: [(TimeSpan.days(3) - second, true), (.days(3), false), (.days(3) + second, false)])
    func `exactly the minimum after its first notice it may be taken`(passed: TimeSpan, waits: Bool) throws {
        let notice = sent(.days(14), left: .zero, first: passed)
        let action = try #require(decide([Self.policy(minimum: .days(3))], idle(.zero), [notice]).action)
        #expect(action.waiting == waits)
        #expect(action.mayBegin == (waits ? ago(passed) + .days(3) : nil))
    }

    @Test func `a notice of another action, rule, policy or deadline counts for nothing`() throws {
        for notice in [
            sent(.days(14), left: .zero, action: .quarantine), sent(.days(14), left: .zero, rule: "max-age"),
            sent(.days(14), left: .zero, policy: "q"), sent(.days(14), left: .days(1)),
        ] {
            let decision = decide([Self.policy(minimum: .days(3))], idle(.zero), [notice])
            let action = try #require(decision.action)
            #expect(action.mayBegin == now + .days(3), "\(notice)")
            #expect(decision.notices.count == 1 && decision.standing.isEmpty)
        }
    }

    @Test func `the minimum is a lead time where no other is as long, so that the action is in time`() {
        #expect(Self.policy(before: [.days(1)], minimum: .days(3)).leadTimes == [.days(3), .days(1)])
        #expect(Self.policy(before: [.days(3)], minimum: .days(3)).leadTimes == [.days(3)])
        #expect(Self.policy(before: [], minimum: .days(3)).leadTimes == [.days(3)])
        let decision = decide([Self.policy(before: [], minimum: .days(3))], idle(.days(3)))
        #expect(decision.notices.map(\.stage) == [1])
    }

    @Test func `whatever is held has been told of, or is told of now`() {
        var numbers = Numbers(state: 5)
        for _ in 0..<5_000 {
            let spans = (0..<3).map { _ in TimeSpan.hours(Int64.random(in: 1...400, using: &numbers)) }
            let policy = Self.policy(
                before: Array(Set(spans)).sorted(by: >), minimum: .hours(Int64.random(in: 1...200, using: &numbers)))
            let left = TimeSpan.hours(Int64.random(in: -100...100, using: &numbers))
            let first = TimeSpan.hours(Int64.random(in: 0...100, using: &numbers))
            let notices = Bool.random(using: &numbers) ? [sent(spans[0], left: left, first: first)] : []
            let decision = decide([policy], idle(left), notices)
            guard let action = decision.action else { continue }
            #expect(!action.waiting || !decision.notices.isEmpty || !decision.standing.isEmpty)
            #expect(action.waiting || notices.contains { $0.firstSentAt + (policy.minimumNotice ?? .zero) <= now })
        }
    }

    @Test func `what waits for its notice keeps nothing from being done that need not wait`() throws {
        let rotate = Policy(name: "rotate", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate)])
        let both = token(age: .days(91), usage: .lastUsed(ago(.days(40))))
        let action = try #require(decide([Self.policy(minimum: .days(3)), rotate], both).action)
        #expect(action.action == .rotate && !action.waiting && action.covers.isEmpty)
        let alone = try #require(decide([Self.policy(minimum: .days(3))], both).action)
        #expect(alone.action == .revoke && alone.waiting)
    }

    @Test func `a notification needs no notice, and what is blocked waits for none`() throws {
        let notify = try #require(decide([Self.policy(.notify, minimum: .days(3))], idle(.zero)).action)
        #expect(!notify.waiting)
        let external = token(usage: .lastUsed(ago(.days(40))), issuer: .external(kind: "x"))
        let blocked = try #require(decide([Self.policy(minimum: .days(3))], external).action)
        #expect(blocked.blocked == .issuerNotDriven && !blocked.waiting && blocked.mayBegin == nil)
    }

    // MARK: The revocation after a quarantine

    @Test func `the revocation that a quarantine comes to has its own notice`() throws {
        var policy = Self.policy(.quarantine, before: [.days(3)], minimum: .days(3))
        policy.rules[0].revokeAfter = .days(14)
        let planner = Planner(policies: PolicySet([policy]), vaults: [], tracking: .unbroken)
        let token = token(usage: .lastUsed(ago(.days(60))), state: .quarantined)
        func decide(_ time: TimeSpan, _ sent: [StandingNotice]) -> Planner.Decision {
            let quarantine = Quarantine(
                since: ago(time), by: "policy:p", cause: "idle",
                rule: RuleReference(policy: "p", rule: "unused-for"))
            return planner.decide(token, in: quarantine, at: now, notices: { sent }) { nil }
        }
        #expect(decide(.days(11) - second, []).notices.isEmpty)
        let notice = try #require(decide(.days(11), []).notices.first)
        #expect(notice.coming.action == .revoke && notice.begins == now + .days(3))
        // The notice of the quarantine itself counts for nothing here.
        let quarantined = sent(.days(3), left: .zero - .days(30), first: .days(30), action: .quarantine)
        #expect(decide(.days(14), [quarantined]).action?.mayBegin == now + .days(3))
        var told = notice.standing
        (told.origin, told.start) = (ago(.days(14)), now)
        told.firstSentAt = ago(.days(3))
        #expect(decide(.days(14), [told]).action?.waiting == false)
        told.firstSentAt = ago(.days(3) - second)
        #expect(decide(.days(14), [told]).action?.waiting == true)
    }
}
