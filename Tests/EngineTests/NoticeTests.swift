import JSON
import RotaCore
import TestSupport
import Testing

@testable import Engine

/// What runs tell of before they do it, and how long they wait for that.
@Suite struct NoticeTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    /// Revokes at an age of 90 days.
    private static func policy(
        _ name: String = "old", action: Action = .revoke, before: [TimeSpan] = [.days(14), .days(3), .days(1)],
        minimum: TimeSpan? = nil, mode: Mode = .enforce
    ) -> Policy {
        Policy(
            name: name, mode: mode, rules: [Rule(.maxAge(.days(90)), action: action)], notifyBefore: before,
            minimumNotice: minimum)
    }

    @discardableResult
    private func run(_ policies: Policy..., only: Set<String>? = nil) async throws -> RunReport {
        let rotator = Rotator(store: fixture.store, vaults: [:], clock: fixture.clock, random: fixture.random)
        return try await RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random
        ).run(policies: PolicySet(policies), only: only, limits: Limits(), actor: "cli:alice")
    }

    /// The data of all notices, oldest first.
    private func told() async throws -> [JSON] {
        let end = fixture.clock.now() + .days(1000)
        return try await fixture.store.read { store in
            try store.dueDeliveries(endpoint: "hook", at: end, limit: 10_000).map(\.event)
                .filter { $0.type == "token.action_due" }.map { try JSON.parse($0.data, maximumBytes: 1 << 16) }
        }
    }

    private func stages() async throws -> [Int64?] { try await told().map { $0["stage"]?["index"]?.integer } }

    private func notices(of id: TokenID) async throws -> [StandingNotice] {
        try await fixture.store.read { try $0.notices(of: id) }
    }

    private func audited(_ action: String) async throws -> [String] {
        try await fixture.store.read { store in
            var found: [String] = []
            try store.eachAuditEntry(from: 0, object: nil) { entry in
                if entry.action == action { found.append(entry.body) }
                return true
            }
            return found
        }
    }

    private func expectRevoked(_ id: TokenID, _ isRevoked: Bool = true) async throws {
        let state = try await fixture.token(id).state
        #expect((state == .revoked) == isRevoked)
    }

    // MARK: Stages

    @Test func `each stage is told once, however many runs there are, and then it is done`() async throws {
        let id = try await fixture.addToken("t", age: .days(70))
        for _ in 0..<21 {
            for _ in 1...2 { try await run(Self.policy()) }
            fixture.clock.advance(by: .days(1))
        }
        #expect(try await stages() == [1, 2, 3])
        #expect(try await told().map { $0["days_left"]?.integer } == [14, 3, 1])
        #expect(try await audited("notice.send").count == 3)
        try await expectRevoked(id)
        #expect(try await notices(of: id).isEmpty, "what is done is not ahead any more")
        #expect(try await audited("notice.withdraw").count == 1)
    }

    @Test func `stages that have passed when a token is first seen are told as one`() async throws {
        try await fixture.addToken("t", age: .days(88))
        let report = try await run(Self.policy())
        #expect(report.notices == 1)
        #expect(try await stages() == [2])
    }

    @Test func `a notice says what is coming, whose it is and when`() async throws {
        try await fixture.addToken("t", age: .days(76))
        try await run(Self.policy())
        let notice = try #require(try await told().first)
        let begins = fixture.clock.now() + .days(14)
        #expect(notice["policy"]?.string == "old" && notice["rule"]?.string == "max-age")
        #expect(notice["action"]?.string == "revoke" && notice["mode"]?.string == "enforce")
        #expect(notice["reason"]?.string == "within-max-age" && notice["token_id"]?.string == "tok_t")
        #expect(notice["deadline"]?.string == begins.description && notice["days_left"]?.integer == 14)
        #expect(notice["stage"]?["of"]?.integer == 3 && notice["stage"]?["before"]?.string == "14d")
        #expect(notice["owner"] != nil && notice["integration"] != nil && notice["actor"]?.string == "policy:old")
    }

    @Test(arguments: [(Mode.observe, 0), (.warn, 1), (.enforce, 1)])
    func `a policy that observes tells nobody`(mode: Mode, count: Int) async throws {
        let id = try await fixture.addToken("t", age: .days(80))
        try await run(Self.policy(mode: mode))
        #expect(try await told().count == count)
        #expect(try await notices(of: id).count == count)
    }

    @Test func `a deadline that is moved away ends the notice, and the next one is a first`() async throws {
        let ending = Policy(
            name: "p", mode: .enforce, rules: [Rule(.expiresWithin(.days(10)), action: .revoke)],
            notifyBefore: [.days(3)], minimumNotice: .days(3))
        let id = try await fixture.addToken("t", expiresAt: fixture.clock.now() + .days(12))
        try await run(ending)
        #expect(try await notices(of: id).map(\.firstSentAt) == [fixture.clock.now()])
        var moved = try await fixture.token(id)
        moved.expiresAt = fixture.clock.now() + .days(40)
        let (edited, change) = (moved, fixture.change())
        _ = try await fixture.store.write { try $0.editToken(edited, change: change) }
        try await run(ending)
        #expect(try await notices(of: id).isEmpty)
        #expect(try await audited("notice.withdraw").count == 1)
        // It is near at once another time: the old notice is long past, and counts for nothing.
        fixture.clock.advance(by: .days(32))
        let report = try await run(ending)
        #expect(report.count(.waiting) == 1 && report.notices == 1)
        #expect(try await notices(of: id).map(\.firstSentAt) == [fixture.clock.now()])
        try await expectRevoked(id, false)
    }

    @Test func `two runs at once tell nobody twice`() async throws {
        for number in 0..<20 { try await fixture.addToken("t\(number)", age: .days(88)) }
        async let one = run(Self.policy())
        async let other = run(Self.policy())
        let sent = try await one.notices + other.notices
        #expect(sent == 20)
        #expect(try await told().count == 20)
    }

    @Test func `a run of other policies leaves a notice alone, and a policy that is gone ends it`() async throws {
        let id = try await fixture.addToken("t", age: .days(88))
        let other = Self.policy("other", action: .notify, before: [])
        try await run(Self.policy(), other)
        try await run(Self.policy(), other, only: ["other"])
        #expect(try await notices(of: id).count == 1)
        try await run(other)
        #expect(try await notices(of: id).isEmpty)
    }

    @Test func `nobody is told of anything while there is a freeze, and no time of notice runs`() async throws {
        let id = try await fixture.addToken("t", age: .days(100))
        let freeze = Freeze(reason: "release", actor: "cli:alice", begunAt: fixture.clock.now(), endsAt: nil)
        let change = fixture.change()
        try await fixture.store.write { try $0.freeze(freeze, change: change) }
        let policy = Self.policy(minimum: .days(3))
        #expect(try await run(policy).notices == 0)
        #expect(try await notices(of: id).isEmpty)
        fixture.clock.advance(by: .days(5))
        let thaw = fixture.change()
        _ = try await fixture.store.write { try $0.unfreeze(change: thaw) }
        let report = try await run(policy)
        #expect(report.notices == 1 && report.count(.waiting) == 1)
        try await expectRevoked(id, false)
    }

    @Test func `a plan over its limit is refused, and people are told of what is coming all the same`() async throws {
        for number in 0..<3 { try await fixture.addToken("t\(number)", age: .days(100)) }
        let other = Policy(
            name: "other", mode: .enforce, rules: [Rule(.maxAge(.days(110)), action: .quarantine)],
            notifyBefore: [.days(14)])
        var policy = Self.policy(minimum: .days(3))
        let first = try await run(policy)
        #expect(first.notices == 3)
        fixture.clock.advance(by: .days(3))
        policy.limits = Limits(actions: 2)
        let report = try await run(policy, other)
        // The last stage of each that is refused, and the first of what is not due yet.
        #expect(report.refusal != nil && report.actions.isEmpty && report.notices == 6)
        #expect(try await told().suffix(6).map { $0["policy"]?.string }.filter { $0 == "other" }.count == 3)
        #expect(try await run(policy, other).notices == 0, "once")
        #expect(try await fixture.store.read { try $0.openFindings() }.count == 3, "those of the first run")
    }

    @Test func `a notice whose cause is cured ends with a plan that is refused, too`() async throws {
        let ownerless = Policy(
            name: "ownerless", mode: .enforce, selector: Selector(names: [Glob("t")]),
            rules: [Rule(.owner([]), action: .quarantine)], minimumNotice: .days(3))
        let id = try await fixture.addToken("t")
        try await run(ownerless)
        #expect(try await notices(of: id).count == 1)
        for number in 0..<2 { try await fixture.addToken("old\(number)", age: .days(100)) }
        var over = Self.policy(before: [])
        over.limits = Limits(actions: 1)
        try await fixture.edit(id) { $0.owner = "team" }
        #expect(try await run(ownerless, over).refusal != nil)
        #expect(try await notices(of: id).isEmpty)
        try await fixture.edit(id) { $0.owner = "" }
        fixture.clock.advance(by: .days(4))
        #expect(try await run(ownerless).actions.map(\.outcome) == [.waiting], "it is another one, and told anew")
        #expect(try await fixture.token(id).state == .active)
    }

    @Test func `while nobody knows, a notice stands, and the minimum does not begin anew`() async throws {
        var policy = Self.policy(minimum: .days(3))
        policy.condition = try Condition(#"token.labels.tier == "1""#)
        let id = try await fixture.addToken("t", age: .days(400), labels: ["tier": "1"])
        #expect(try await run(policy).count(.waiting) == 1)
        let sent = try await notices(of: id)
        try await fixture.edit(id) { $0.labels = [:] }
        fixture.clock.advance(by: .days(1))
        #expect(try await run(policy).actions.isEmpty, "its condition errs")
        #expect(try await notices(of: id) == sent)
        fixture.clock.advance(by: .days(2))
        try await fixture.edit(id) { $0.labels = ["tier": "1"] }
        #expect(try await run(policy).count(.done) == 1)
        try await expectRevoked(id)
    }

    // MARK: The minimum

    @Test func `what is overdue under a new policy is done exactly the minimum after its notice`() async throws {
        let id = try await fixture.addToken("t", age: .days(400))
        let policy = Self.policy(minimum: .days(3))
        let first = try await run(policy)
        let begins = fixture.clock.now() + .days(3)
        #expect(first.actions.map(\.outcome) == [.waiting])
        #expect(first.actions.first?.cause == "its notice has to be older: it may be taken from \(begins) on")
        #expect(try await told().first?["deadline"]?.string == begins.description)
        #expect(try await stages() == [2])
        fixture.clock.advance(by: .days(3) - TimeSpan(seconds: 1))
        #expect(try await run(policy).actions.map(\.outcome) == [.waiting])
        #expect(try await stages() == [2, 3])
        try await expectRevoked(id, false)
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        #expect(try await run(policy).actions.map(\.outcome) == [.done])
        try await expectRevoked(id)
    }

    @Test func `a plan shows what waits for its notice, and from when on it need not`() async throws {
        try await fixture.addToken("t", age: .days(400))
        let request = PlanRequest(
            policies: PolicySet([Self.policy(minimum: .days(3))]), limits: Limits(actions: 0), vaults: [],
            at: fixture.clock.now())
        let result = try await fixture.store.read { try makePlan(request, from: $0) }
        let action = try #require(result.plan.actions.first)
        #expect(action.waitingFor == .notice && action.mayBegin == fixture.clock.now() + .days(3))
        #expect(result.noticed.map(\.text) == ["tok_t"])
        #expect(result.refusal == nil, "what waits takes no share of a limit")
    }

    @Test func `a notice of a milder action does not count`() async throws {
        let id = try await fixture.addToken("t", age: .days(400))
        try await run(Self.policy(action: .quarantine, minimum: .days(3)))
        fixture.clock.advance(by: .days(2))
        try await run(Self.policy(minimum: .days(3)))
        fixture.clock.advance(by: .days(2))
        #expect(try await run(Self.policy(minimum: .days(3))).actions.map(\.outcome) == [.waiting])
        try await expectRevoked(id, false)
        fixture.clock.advance(by: .days(1))
        #expect(try await run(Self.policy(minimum: .days(3))).actions.map(\.outcome) == [.done])
    }

    @Test func `an end that comes first is a fact, and a person's revocation waits for nothing`() async throws {
        let policy = Self.policy(minimum: .days(3))
        let ending = try await fixture.addToken("e", age: .days(400), expiresAt: fixture.clock.now() + .days(1))
        let leaked = try await fixture.addToken("l", age: .days(400))
        try await run(policy)
        let change = fixture.change()
        #expect(try await fixture.store.write { try $0.revokeToken(leaked, isEmergency: true, change: change) })
        fixture.clock.advance(by: .days(1))
        try await run(policy)
        #expect(try await fixture.token(ending).state == .expired)
        try await expectRevoked(leaked)
        for id in [ending, leaked] { #expect(try await notices(of: id).isEmpty) }
    }

    @Test func `the revocation that a quarantine comes to waits for a notice of its own`() async throws {
        var policy = Self.policy(action: .quarantine, before: [], minimum: .days(3))
        policy.rules[0].revokeAfter = .days(14)
        let id = try await fixture.addToken("t", age: .days(400))
        try await run(policy)
        fixture.clock.advance(by: .days(3))
        try await run(policy)
        #expect(try await fixture.token(id).state == .quarantined)
        // Nothing ran while its notice was due; so it comes late, and the revocation with it.
        fixture.clock.advance(by: .days(20))
        #expect(try await run(policy).actions.map(\.outcome) == [.waiting])
        #expect(try await told().map { $0["action"]?.string } == ["quarantine", "revoke"])
        #expect(try await run(policy).notices == 0)
        fixture.clock.advance(by: .days(3))
        #expect(try await run(policy).actions.map(\.outcome) == [.done])
        try await expectRevoked(id)
    }

    @Test func `a notice that is in time delays nothing`() async throws {
        var policy = Self.policy(action: .quarantine, before: [], minimum: .days(3))
        policy.rules[0].revokeAfter = .days(14)
        let id = try await fixture.addToken("t", age: .days(86))
        for _ in 0...4 {
            try await run(policy)
            fixture.clock.advance(by: .days(1))
        }
        try await run(policy)
        #expect(try await fixture.token(id).state == .quarantined, "at 91 days, of which the last 4 were told")
        for _ in 0..<14 {
            fixture.clock.advance(by: .days(1))
            try await run(policy)
        }
        try await expectRevoked(id)
    }
}
