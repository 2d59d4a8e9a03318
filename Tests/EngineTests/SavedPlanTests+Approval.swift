import Crypto
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

// An approval is somebody else's, and nothing that needs one happens without it.
extension SavedPlanTests {
    @Test func `what waits for an approval counts towards limits as if it had it`() async throws {
        try await addUnused("a", "b")
        #expect(
            try await plan(PolicySet([Self.approved]), Limits(actions: 1)).refusal
                == "the plan would act on 2 tokens (2 of them wait for an approval); its limit is 1 action")
        let perOwner = Limits(perOwner: Ceiling(actions: 1))
        let grouped = try await plan(PolicySet([Self.approved]), perOwner).refusal
        #expect(grouped?.contains("(2 of them wait for an approval)") == true)
        #expect(try await run(PolicySet([Self.approved]), Limits(actions: 1)).refusal != nil)
        #expect(try await openPlans().isEmpty)
    }

    @Test func `without an approval a plan that needs one is not applied, and with one it is`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let saved = try await save(policies)
        #expect(saved.needsApproval)
        #expect(await refusal { _ = try await apply(saved, policies) } == "the plan \(saved.id) is not approved")
        #expect(try await active() == 1)
        let approval = try await approve(saved, by: person("bob"), policies: policies).approval
        #expect(approval?.approver == "bob" && approval?.digest == saved.digest)
        #expect(try await apply(saved, policies).count(.done) == 1)
        #expect(try await active() == 0)
    }

    @Test func `an approval that has expired does not hold, and another one can be given`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let saved = try await save(policies)
        try await approve(saved, by: person("bob"), for: .hours(1), policies: policies)
        let twice = await refusal { try await approve(saved, by: person("carol"), policies: policies) }
        #expect(twice?.hasPrefix("the plan \(saved.id) is approved already, by bob") == true)
        fixture.clock.advance(by: .hours(1))
        let late = await refusal { _ = try await apply(saved, policies) }
        #expect(late == "the approval of the plan \(saved.id) expired at \(RunFixture.epoch + .hours(1))")
        // Never longer than the plan itself.
        let renewed = try await approve(saved, by: person("carol"), for: .days(9), policies: policies)
        #expect(renewed.approval?.expiresAt == saved.expiresAt)
        #expect(try await apply(saved, policies).count(.done) == 1)
    }

    @Test(arguments: [
        Principal(account: "cli:alice"), Principal(account: "cli:alice as rota"),
        Principal(name: "alice", account: "cli:rota", tokenID: TokenID("tok_other")),
        Principal(name: "ops", account: "cli:alice", tokenID: TokenID("tok_other")),
        Principal(name: "ops", account: "cli:rota", tokenID: TokenID("tok_his")),
        Principal(name: "his", account: "cli:alice as rota", tokenID: TokenID("tok_other")),
    ])
    func `nobody approves what he asked for, whichever way he asked`(_ requester: Principal) async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let saved = try await save(policies, by: requester)
        for approver in [person("alice"), person(" Alice")] {
            let refused = await refusal { try await approve(saved, by: approver, policies: policies) }
            #expect(refused == "\(approver.name) may be who asked for the plan \(saved.id), and cannot approve it")
        }
        #expect(await refusal { _ = try await apply(saved, policies) } != nil)
        try await approve(saved, by: person("bob", token: "bobs"), policies: policies)
        #expect(try await apply(saved, policies).count(.done) == 1)
    }

    @Test func `who asked without a token is nobody who uses his account, whatever token is presented there`()
        async throws
    {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        for account in ["cli:rota", "cli:rota as root"] {
            let saved = try await save(policies, by: Principal(account: account))
            #expect(await refusal { try await approve(saved, by: person("bob"), policies: policies) } != nil)
        }
        let asked = Principal(name: "alice", account: "cli:rota", tokenID: TokenID("tok_other"))
        try await approve(try await save(policies, by: asked), by: person("bob"), policies: policies)
    }

    @Test func `a withdrawn plan is neither approved nor applied, approved or not`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        for isApproved in [false, true] {
            let saved = try await save(policies)
            if isApproved { try await approve(saved, by: person("bob"), policies: policies) }
            let now = fixture.clock.now()
            _ = try await fixture.store.write { store in
                try withdraw(saved.id, by: Self.alice, comment: "no", in: store, at: now)
            }
            let message = "the plan \(saved.id) was withdrawn by cli:alice"
            #expect(await refusal { _ = try await apply(saved, policies) } == message)
            #expect(await refusal { try await approve(saved, by: person("carol"), policies: policies) } == message)
        }
        #expect(try await active() == 1)
        #expect(try await fixture.waitingEvents("hook").count { $0 == "plan.withdrawn" } == 2)
    }

    @Test func `neither an expired plan nor one of other policies is approved`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let saved = try await save(policies, for: .hours(1))
        let other = await refusal { try await approve(saved, by: person("bob"), policies: PolicySet([Self.revoke])) }
        #expect(other?.contains("made by other policies") == true)
        fixture.clock.advance(by: .hours(1))
        let late = await refusal { try await approve(saved, by: person("bob"), policies: policies) }
        #expect(late?.contains("expired") == true)
    }

    // MARK: - Runs that meet an approval

    private func told() async throws -> Int {
        try await fixture.waitingEvents("hook").count { $0 == "plan.approval_needed" }
    }

    @Test func `a run saves a plan of what waits for an approval, and tells of it once`() async throws {
        try await addUnused("a", "b")
        let policies = PolicySet([Self.approved])
        for _ in 0..<3 {
            let report = try await run(policies)
            let open = try await openPlans()
            #expect(open.map(\.actions) == [2] && open.map(\.policy) == ["unused"])
            #expect(open.allSatisfy { $0.needsApproval && $0.requester == Self.alice })
            #expect(report.awaiting == open)
            #expect(report.actions.map(\.outcome) == [.waiting, .waiting])
            let cause = "it waits for the plan \(open[0].id) to be approved and applied"
            #expect(report.actions.allSatisfy { $0.cause == cause })
            fixture.clock.advance(by: .hours(1))
        }
        #expect(try await told() == 1)
        #expect(try await active() == 2)
        // Its time is over: it is asked again.
        fixture.clock.advance(by: .days(7))
        _ = try await run(policies)
        #expect(try await told() == 2)
        #expect(try await openPlans().count == 1)
    }

    @Test func `where something else is called for, another plan takes the place of the one that waits`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let first = try #require(try await run(policies).awaiting.first)
        try await addUnused("b")
        let second = try #require(try await run(policies).awaiting.first)
        #expect(second.actions == 2)
        #expect(try await openPlans() == [second])
        #expect(try await end(first)?.cause == "another plan takes its place")
        let change = fixture.change()
        try await fixture.store.write { store in
            for name in ["a", "b"] { _ = try store.revokeToken(TokenID("tok_\(name)"), change: change) }
        }
        #expect(try await run(policies).awaiting.isEmpty)
        #expect(try await end(second)?.cause == "nothing of it is called for any more")
        #expect(try await told() == 2)
    }

    @Test func `a plan that is approved already stays when another one is called for`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let first = try #require(try await run(policies).awaiting.first)
        try await approve(first, by: person("bob"), policies: policies)
        try await addUnused("b")
        let second = try #require(try await run(policies).awaiting.first)
        #expect(try await openPlans().map(\.id).sorted() == [first.id, second.id].sorted())
        #expect(try await apply(first, policies).count(.done) == 1)
        try await approve(second, by: person("bob"), policies: policies)
        let report = try await apply(second, policies)
        let causes = Dictionary(uniqueKeysWithValues: report.actions.map { ($0.name, $0.cause) })
        #expect(causes["a"] == "it has changed since it was planned" && report.count(.done) == 1)
    }

    @Test func `of several policies those that need no approval are carried out, and each other has a plan`()
        async throws
    {
        try await addUnused("a", "b", "c")
        func policy(_ name: String, approved: Bool) -> Policy {
            Policy(
                name: name, mode: .enforce, selector: Selector(names: [Glob(name)]), rules: Self.revoke.rules,
                needsApproval: approved)
        }
        let policies = PolicySet([
            policy("a", approved: true), policy("b", approved: false), policy("c", approved: true),
        ])
        let report = try await run(policies)
        #expect(report.count(.done) == 1 && report.count(.waiting) == 2)
        #expect(report.awaiting.map(\.policy) == ["a", "c"])
        try await approve(report.awaiting[0], by: person("bob"), policies: policies)
        #expect(await refusal { _ = try await apply(report.awaiting[1], policies) } != nil)
        #expect(try await apply(report.awaiting[0], policies).actions.map(\.name) == ["a"])
    }

    @Test func `under a brake, and over a limit, nothing is asked for`() async throws {
        try await addUnused("a", "b")
        let policies = PolicySet([Self.approved])
        #expect(try await run(policies, Limits(actions: 1)).awaiting.isEmpty)
        let change = fixture.change()
        try await fixture.store.write { store in
            try store.freeze(Freeze(reason: "r", actor: "a", begunAt: change.at, endsAt: nil), change: change)
        }
        #expect(try await run(policies).awaiting.isEmpty)
        #expect(try await openPlans().isEmpty)
    }

    @Test func `what waits for its notice or beyond the pace is not put up for approval`() async throws {
        try await addUnused("a", "b", "c")
        var policy = Self.approved
        policy.pace = 2
        #expect(try await run(PolicySet([policy])).awaiting.map(\.actions) == [2])
        policy.minimumNotice = .days(3)
        let policies = PolicySet([policy])
        #expect(try await run(policies).awaiting.isEmpty)
        fixture.clock.advance(by: .days(3))
        let saved = try #require(try await run(policies).awaiting.first)
        #expect(saved.actions == 2)
        try await approve(saved, by: person("bob"), policies: policies)
        #expect(try await apply(saved, policies).count(.done) == 2)
    }

    @Test func `the end of a quarantine is approved as any other action`() async throws {
        try await addUnused("a")
        var policy = Self.approved
        policy.rules = [Rule(.unusedFor(.days(30)), action: .quarantine, revokeAfter: .days(1))]
        let policies = PolicySet([policy])
        for state in [TokenState.quarantined, .revoked] {
            let saved = try #require(try await run(policies).awaiting.first)
            try await approve(saved, by: person("bob"), policies: policies)
            #expect(try await apply(saved, policies).count(.done) == 1)
            #expect(try await fixture.token(TokenID("tok_a")).state == state)
            fixture.clock.advance(by: .days(1))
        }
    }

    // MARK: - The daemon

    private func daemon(_ policies: [Policy], _ log: RecordedLog = RecordedLog(), limits: Limits = Limits()) throws
        -> Daemon
    {
        let schedule = try Schedule(every: .days(1))
        return Daemon(
            Daemon.Orders(
                policies: PolicySet(policies), schedules: policies.map { ScheduledPolicy($0.name, schedule) },
                limits: limits),
            run: useCase, deliverer: fixture.deliverer(ScriptedTransport([])), clock: fixture.clock,
            brakes: BrakeWatch(fixture.clock, log: log), log: log, stop: StopSignal())
    }

    @Test func `the daemon asks once for what its schedules call for, and does it when it is approved`() async throws {
        try await addUnused("a", "b")
        let log = RecordedLog()
        let daemon = try daemon([Self.approved], log)
        _ = try await daemon.runScheduled()
        for _ in 0..<3 {
            fixture.clock.advance(by: .days(1))
            let report = try #require(try await daemon.runScheduled())
            #expect(report.count(.waiting) == 2)
            #expect(try await daemon.applyApproved().isEmpty)
        }
        #expect(try await told() == 1)
        let saved = try #require(try await openPlans().first)
        #expect(saved.requester == Principal(account: RunUseCase.scheduler.name))
        #expect(log.all.contains { $0.hasPrefix("a plan waits for an approval plan=\(saved.id) policy=unused") })
        try await approve(saved, by: person("bob"), policies: PolicySet([Self.approved]))
        #expect(try await daemon.applyApproved().map { $0.count(.done) } == [2])
        #expect(try await active() == 0)
        #expect(try await end(saved)?.by == RunUseCase.approvalFollower.name)
        #expect(try await daemon.applyApproved().isEmpty)
    }

    @Test func `the daemon leaves what a person saved to that person`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.approved])
        let saved = try await save(policies)
        try await approve(saved, by: person("bob"), policies: policies)
        #expect(try await daemon([Self.approved]).applyApproved().isEmpty)
        #expect(try await active() == 1)
    }

    @Test func `under a freeze an approved plan waits, and over a limit the daemon tries it once`() async throws {
        try await addUnused("a", "b")
        let policies = PolicySet([Self.approved])
        let saved = try #require(try await run(policies).awaiting.first)
        try await approve(saved, by: person("bob"), policies: policies)
        let change = fixture.change()
        try await fixture.store.write { store in
            try store.freeze(Freeze(reason: "r", actor: "a", begunAt: change.at, endsAt: nil), change: change)
        }
        #expect(try await daemon([Self.approved]).applyApproved().isEmpty)
        _ = try await fixture.store.write { try $0.unfreeze(change: change) }
        let narrow = try daemon([Self.approved], limits: Limits(actions: 1))
        #expect(try await narrow.applyApproved().map { $0.refusal != nil } == [true])
        #expect(try await narrow.applyApproved().isEmpty)
        #expect(try await active() == 2)
        #expect(try await daemon([Self.approved]).applyApproved().map { $0.count(.done) } == [2])
    }

    @Test func `what would end before the next run is not renewed without an approval, but asked for in time`()
        async throws
    {
        let policy = Policy(
            name: "renewal", mode: .enforce,
            rules: [Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(1), renewal: .days(90))],
            needsApproval: true)
        let id = try await fixture.addToken(
            "ending", expiresAt: fixture.clock.now() + .hours(3), destinations: ["main:app#token"])
        let daemon = try daemon([policy])
        for _ in 0..<3 { #expect(try await daemon.runBeforeEnds() == nil) }
        #expect(try await fixture.token(id).values.current == 1)
        #expect(try await told() == 1)
        let saved = try #require(try await openPlans().first)
        try await approve(saved, by: person("bob"), policies: PolicySet([policy]))
        #expect(try await daemon.applyApproved().map { $0.count(.started) } == [1])
        #expect(try await fixture.token(id).values.current == 2)
    }

    @Test func `what would end, and is in a plan that waits already, is not asked for twice`() async throws {
        let policy = Policy(
            name: "renewal", mode: .enforce,
            rules: [Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(1), renewal: .days(90))],
            needsApproval: true)
        for (name, span) in [("soon", TimeSpan.hours(3)), ("later", .days(9))] {
            try await fixture.addToken(
                name, expiresAt: fixture.clock.now() + span, destinations: ["main:\(name)#token"])
        }
        #expect(try await run(PolicySet([policy])).awaiting.map(\.actions) == [2])
        _ = try await daemon([policy]).runBeforeEnds()
        #expect(try await openPlans().map(\.actions) == [2])
        #expect(try await told() == 1)
    }
}
