import RotaCore
import Testing

@Suite struct TimelineTests {
    static let policy = Policy(
        name: "p", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24))],
        notifyBefore: [.days(14), .days(3)])

    private func timeline(of token: Token, _ policies: [Policy] = [policy]) -> Timeline {
        let places = (0..<token.destinationCount).map { Destination(vault: "main", path: "ci/\($0)") }
        return Timeline(
            of: token, at: places, vaults: ["main"], policies: policies, at: now, tracking: .unbroken)
    }

    @Test func `a timeline has the notices, the start, the deadline and the end of the overlap`() throws {
        let timeline = timeline(of: token(age: .days(10)))
        let rule = try #require(timeline.policies.first?.rules.first)
        #expect(rule.deadline == now + .days(80))
        #expect(rule.start == now + .days(76))
        #expect(rule.notices.map(\.at) == [now + .days(62), now + .days(73)])
        #expect(rule.sendsNotices)
        #expect(rule.overlapEnd == now + .days(77))
    }

    @Test func `of notices whose time has passed the nearest is due where it was not sent, and none else is shown`()
        throws
    {
        let late = try #require(timeline(of: token(age: .days(73))).policies.first?.rules.first)
        #expect(late.start == now + .days(13))
        #expect(late.notices.map(\.before) == [.days(14), .days(3)])
        #expect(late.notices.map(\.isDue) == [true, false] && late.notices.map(\.at) == [now, now + .days(10)])
        let both = try #require(timeline(of: token(age: .days(84))).policies.first?.rules.first)
        #expect(both.notices.map(\.before) == [.days(3)] && both.notices.map(\.isDue) == [true])
        // What is taken by this very run is told of by that.
        let sent = StandingNotice(
            rule: RuleReference(policy: "p", rule: "max-age"), action: .rotate, origin: ago(.days(84)),
            start: now + .days(2), lead: .days(3), firstSentAt: ago(.days(1)), sentAt: ago(.days(1)))
        let told = Timeline(
            of: token(age: .days(84)), at: [Destination(vault: "main", path: "ci")], vaults: ["main"],
            policies: [Self.policy], at: now, tracking: .unbroken, notices: [sent])
        #expect(told.policies.first?.rules.first?.notices.isEmpty == true)
    }

    @Test func `an overlap that should have begun is counted from now`() throws {
        let timeline = timeline(of: token(age: .days(100)))
        #expect(timeline.policies.first?.rules.first?.overlapEnd == now + .hours(24))
    }

    @Test(arguments: [
        (token(destinations: 0), BlockedReason.noDestination),
        (token(issuer: .external(kind: "aws-iam")), .issuerNotDriven),
    ])
    func `what is blocked has its deadline and the reason, and no date at which anything happens`(
        token: Token, reason: BlockedReason
    ) throws {
        let rule = try #require(timeline(of: token).policies.first?.rules.first)
        #expect(rule.blocked == reason)
        #expect(rule.deadline == now + .days(89))
        #expect(rule.start == nil && rule.overlapEnd == nil && rule.notices.isEmpty)
    }

    @Test func `the end of an overlap that is under way stands, though the next rotation is blocked`() throws {
        var changing = token(age: .days(100), oldest: .days(190), awaitingRetirement: true, destinations: 0)
        changing.values.overlapEndsAt = now + .hours(5)
        let rule = try #require(timeline(of: changing).policies.first?.rules.first)
        #expect(rule.blocked == .noDestination && rule.start == nil)
        #expect(rule.overlapEnd == now + .hours(5))
    }

    @Test(arguments: [(Mode.observe, false), (.warn, true), (.enforce, true)])
    func `a policy that observes has dates of notices, and sends none`(mode: Mode, sends: Bool) throws {
        var policy = Self.policy
        policy.mode = mode
        let rule = try #require(timeline(of: token(age: .days(10)), [policy]).policies.first?.rules.first)
        #expect(rule.notices.count == 2 && rule.sendsNotices == sends)
    }

    @Test func `what waits for its notice says which one was sent, and from when on it may be taken`() throws {
        var policy = Self.policy
        policy.minimumNotice = .days(3)
        let old = token(age: .days(100))
        let sent = StandingNotice(
            rule: RuleReference(policy: "p", rule: "max-age"), action: .rotate, origin: ago(.days(100)),
            start: ago(.days(14)), lead: .days(3), firstSentAt: ago(.days(1)), sentAt: ago(.days(1)))
        let cases: [(notices: [StandingNotice], begins: Instant)] = [
            ([], now + .days(3)), ([sent], now + .days(2)),
        ]
        for (notices, begins) in cases {
            let timeline = Timeline(
                of: old, at: [Destination(vault: "main", path: "ci")], vaults: ["main"], policies: [policy], at: now,
                tracking: .unbroken, notices: notices)
            let rule = try #require(timeline.policies.first?.rules.first)
            #expect(rule.mayBegin == begins && rule.standing == notices.first)
        }
    }

    @Test(arguments: [nil, .days(3), .days(20)] as [TimeSpan?])
    func `what follows an action that waits for its notice is counted from when it may be taken`(
        minimum: TimeSpan?
    ) throws {
        let policy = Policy(
            name: "p", mode: .enforce,
            rules: [
                Rule(.unusedFor(.days(30)), action: .quarantine, revokeAfter: .days(14)),
                Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24)),
            ], minimumNotice: minimum)
        let coming = token(age: .days(87), usage: .lastUsed(ago(.days(27))))
        let ahead = try #require(timeline(of: coming, [policy]).policies.first?.rules)
        // Both begin within three days, and sooner than a first notice of now is old enough.
        let quarantined = max(now + .days(3), now + (minimum ?? .zero))
        let rotated = max(now + .days(2), now + (minimum ?? .zero))
        #expect(ahead.map(\.revocation) == [quarantined + .days(14), nil])
        #expect(ahead.map(\.overlapEnd) == [nil, rotated + .hours(24)])
        #expect(ahead.map(\.mayBegin) == [minimum == .days(20) ? quarantined : nil, minimum == nil ? nil : rotated])
        // What is called for already waits for its notice from now on.
        let late = token(age: .days(100), usage: .lastUsed(ago(.days(40))))
        let called = try #require(timeline(of: late, [policy]).policies.first?.rules)
        let wait = minimum ?? .zero
        #expect(called.map(\.revocation) == [now + wait + .days(14), nil])
        #expect(called.map(\.overlapEnd) == [nil, now + wait + .hours(24)])
    }

    @Test func `an end that is given at once is told, and whether that waits for an approval`() throws {
        let set = NewEnd(ahead: .days(30), spread: .days(15))
        let rules = [
            Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .setExpiry, newEnd: set),
            Rule(.owner([]), action: .notify),
        ]
        var policy = Policy(name: "p", mode: .enforce, rules: rules, minimumNotice: .days(3), needsApproval: true)
        let endless = token()
        let waiting = try #require(timeline(of: endless, [policy]).policies.first?.rules)
        #expect(waiting.map(\.newEnd) == [set.end(of: endless.id, at: now + .days(3)), nil])
        #expect(waiting.map(\.needsApproval) == [true, false])
        policy.minimumNotice = nil
        policy.mode = .warn
        let warned = try #require(timeline(of: endless, [policy]).policies.first?.rules)
        #expect(warned.map(\.newEnd) == [set.end(of: endless.id, at: now), nil])
        #expect(warned.map(\.needsApproval) == [false, false])
        let ending = try #require(timeline(of: token(expiresIn: .days(9)), [policy]).policies.first?.rules)
        #expect(ending.map(\.newEnd) == [nil, nil])
    }

    @Test func `a policy that does not select it says why`() {
        var other = Self.policy
        other.selector = Selector(owners: [Glob("sec-*")])
        let timeline = timeline(of: token(), [other, Self.policy])
        #expect(timeline.policies.first?.mismatch?.description == "its owner is 'team-a', not 'sec-*'")
        #expect(timeline.policies.map(\.rules.count) == [0, 1])
    }

    @Test func `a token that cannot authenticate is not evaluated, and it is said why`() {
        let revoked = timeline(of: token(state: .revoked))
        #expect(revoked.notEvaluated == "it is revoked")
        #expect(revoked.policies.map(\.rules.count) == [0])
        let ended = timeline(of: token(expiresIn: .zero))
        #expect(ended.notEvaluated == "it ended at \(now)")
    }
}
