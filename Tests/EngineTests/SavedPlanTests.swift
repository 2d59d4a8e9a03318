import Crypto
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// Plans that are saved, approved by somebody else, and applied once.
struct SavedPlanTests {
    static let hook = Endpoint.named("hook")
    static let alice = Principal(account: "cli:alice")

    static let revoke = Policy(
        name: "unused", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .revoke)])
    static let rotate = Policy(
        name: "rotation", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])
    static var approved: Policy {
        var policy = revoke
        policy.needsApproval = true
        return policy
    }

    let fixture: RunFixture
    let vault = FakeVault("main")

    init() throws { fixture = try RunFixture(endpoints: [Self.hook]) }

    var useCase: RunUseCase {
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": vault], clock: fixture.clock, random: fixture.random)
        return RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
    }

    func addUnused(_ names: String...) async throws {
        for name in names {
            try await fixture.addToken(
                name, age: .days(60), usage: .neverUsed(since: fixture.clock.now() - .days(60)))
        }
    }

    func plan(_ policies: PolicySet, _ limits: Limits = Limits()) async throws -> PlanResult {
        let request = PlanRequest(policies: policies, limits: limits, vaults: ["main"], at: fixture.clock.now())
        return try await fixture.store.read { try makePlan(request, from: $0) }
    }

    func save(
        _ policies: PolicySet, by requester: Principal = alice, for span: TimeSpan = .hours(24)
    ) async throws -> SavedPlan {
        let plan = try await plan(policies).plan
        let (change, end, id) = (fixture.change("plan --save"), fixture.clock.now() + span, newPlanID(fixture.random))
        return try await fixture.store.write { store in
            try savePlan(plan, as: id, by: requester, expiresAt: end, in: store, change: change)
        }
    }

    func person(_ owner: String, token: String = "his") -> Principal {
        Principal(name: owner, account: "cli:rota", tokenID: TokenID("tok_\(token)"), tokenName: token)
    }

    @discardableResult
    func approve(
        _ plan: SavedPlan, by approver: Principal, for span: TimeSpan = .hours(24), policies: PolicySet
    ) async throws -> SavedPlan {
        let now = fixture.clock.now()
        return try await fixture.store.write { store in
            try Engine.approve(
                plan.id, by: approver, for: span, comment: "", policiesDigest: policies.digest, in: store, at: now)
        }
    }

    func apply(
        _ plan: SavedPlan, _ policies: PolicySet, _ limits: Limits = Limits()
    ) async throws -> RunReport {
        try await useCase.apply(plan.id, policies: policies, limits: limits, actor: "cli:alice")
    }

    func run(_ policies: PolicySet, _ limits: Limits = Limits()) async throws -> RunReport {
        try await useCase.run(policies: policies, limits: limits, actor: "cli:alice")
    }

    func openPlans() async throws -> [SavedPlan] {
        let now = fixture.clock.now()
        return try await fixture.store.read { try $0.openPlans(at: now) }
    }

    func refusal(_ body: () async throws -> Void) async -> String? {
        do { try await body() } catch { return (error as? PlanRefusal)?.message ?? "another error: \(error)" }
        return nil
    }

    func active() async throws -> Int { try await fixture.store.read { try $0.countActive() } }

    func end(_ plan: SavedPlan) async throws -> SavedPlan.End? {
        try await fixture.store.read { try $0.savedPlan(plan.id)?.end }
    }

    // MARK: - Saved plans

    @Test func `a saved plan does what it says, once`() async throws {
        try await addUnused("a", "b")
        let policies = PolicySet([Self.revoke])
        let saved = try await save(policies)
        #expect(saved.actions == 2 && !saved.needsApproval)
        // What has become due since is not of it.
        try await addUnused("c")
        let report = try await apply(saved, policies)
        #expect(report.actions.map(\.name).sorted() == ["a", "b"])
        #expect(report.count(.done) == 2 && report.savedPlan == saved.id)
        #expect(try await active() == 1)
        #expect(try await end(saved)?.run == report.id)
        #expect(try await fixture.token(TokenID("tok_a")).end?.by == "policy:unused")
        let again = await refusal { _ = try await apply(saved, policies) }
        #expect(again == "the plan \(saved.id) has been applied already, by \(report.id)")
        #expect(try await active() == 1)
        let events = try await fixture.waitingEvents("hook")
        #expect(events.count { $0 == "plan.saved" } == 1 && events.count { $0 == "plan.applied" } == 1)
    }

    @Test func `a rotation of a saved plan is pushed as any other`() async throws {
        try await fixture.addToken("aged", age: .days(100), destinations: ["main:app#token"])
        let policies = PolicySet([Self.rotate])
        let report = try await apply(try await save(policies), policies)
        #expect(report.count(.started) == 1)
        #expect(try await fixture.token(TokenID("tok_aged")).values.current == 2)
    }

    @Test func `what has changed since is skipped, and says why`() async throws {
        try await addUnused("changed", "used", "same")
        let policies = PolicySet([Self.revoke])
        let saved = try await save(policies)
        let change = fixture.change()
        try await fixture.store.write { store in
            var token = try #require(try store.token(TokenID("tok_changed")))
            token.description = "still needed"
            _ = try store.editToken(token, change: change)
            let tally = UseTally(
                key: UseTally.Key(tokenID: TokenID("tok_used"), version: 1, day: change.at.midnight),
                accepted: UseTally.Side(count: 1, last: change.at))
            try store.recordUses([tally], by: "test", at: change.at)
        }
        let report = try await apply(saved, policies)
        let causes = Dictionary(uniqueKeysWithValues: report.actions.map { ($0.name, $0.cause) })
        #expect(causes["changed"] == "it has changed since it was planned")
        #expect(causes["used"] == "it is no longer called for")
        #expect(report.count(.skipped) == 2 && report.count(.done) == 1)
        #expect(try await active() == 2)
        #expect(Outcome.allCases.reduce(0) { $0 + report.count($1) } == saved.actions)
    }

    @Test func `another action than the one that was planned is not taken in its place`() async throws {
        try await fixture.addToken(
            "t", age: .days(100), destinations: ["main:app#token"])
        let old = Policy(name: "old", mode: .enforce, rules: [Rule(.maxAge(.days(101)), action: .revoke)])
        let policies = PolicySet([Self.rotate, old])
        let saved = try await save(policies, for: .days(9))
        #expect(try await plan(policies).plan.actions.map(\.action) == [.rotate])
        fixture.clock.advance(by: .days(2))
        let report = try await apply(saved, policies)
        #expect(report.actions.map(\.cause) == ["revoke is called for now, by old/max-age"])
        #expect(try await fixture.token(TokenID("tok_t")).state == .active)
    }

    @Test func `an expired plan, one of other policies and one of another life of the store are refused`() async throws
    {
        try await addUnused("a")
        let policies = PolicySet([Self.revoke])
        let (expiring, other, old) = (
            try await save(policies, for: .hours(1)), try await save(policies, for: .days(9)),
            try await save(policies, for: .days(9))
        )
        var longer = Self.revoke
        longer.rules[0].requirement = .unusedFor(.days(31))
        let superseded = await refusal { _ = try await apply(other, PolicySet([longer])) }
        #expect(superseded == "the plan \(other.id) was made by other policies than those that are loaded now")
        fixture.clock.advance(by: .hours(1))
        let expired = await refusal { _ = try await apply(expiring, policies) }
        #expect(expired == "the plan \(expiring.id) expired at \(RunFixture.epoch + .hours(1))")
        let change = fixture.change()
        try await fixture.store.write { store in
            let identity = try store.identity()
            _ = try store.beginGeneration(after: identity, id: "b", instance: nil, totals: [:], change: change)
        }
        let foreign = await refusal { _ = try await apply(old, policies) }
        #expect(foreign?.hasSuffix("is of another life of this store, before it was restored or copied") == true)
        #expect(try await active() == 1)
        #expect(
            await refusal { _ = try await useCase.apply("plan_no", policies: policies, limits: Limits(), actor: "a") }
                == "there is no plan 'plan_no'")
    }

    @Test func `a plan over a limit is refused as a whole, and stays to be applied`() async throws {
        try await addUnused("a", "b")
        let policies = PolicySet([Self.revoke])
        let saved = try await save(policies)
        let report = try await apply(saved, policies, Limits(actions: 1))
        #expect(report.refusal == "the plan would act on 2 tokens; its limit is 1 action")
        #expect(report.actions.isEmpty)
        #expect(try await active() == 2)
        #expect(try await end(saved) == nil)
        #expect(try await fixture.waitingEvents("hook").last == "run.aborted")
        #expect(try await apply(saved, policies).count(.done) == 2)
    }

    @Test func `under a freeze nothing of a plan is done, and it stays`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.revoke])
        let saved = try await save(policies)
        let change = fixture.change()
        try await fixture.store.write { store in
            try store.freeze(Freeze(reason: "r", actor: "a", begunAt: change.at, endsAt: nil), change: change)
        }
        await #expect(throws: StoreError.self) { _ = try await apply(saved, policies) }
        #expect(try await end(saved) == nil)
        #expect(try await active() == 1)
        _ = try await fixture.store.write { try $0.unfreeze(change: change) }
        #expect(try await apply(saved, policies).count(.done) == 1)
    }

    @Test func `of several who apply a plan at once, one does`() async throws {
        try await addUnused("a", "b", "c")
        let policies = PolicySet([Self.revoke])
        let saved = try await save(policies)
        let done = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<4 { group.addTask { try? await apply(saved, policies).count(.done) } }
            return await group.reduce(into: [Int]()) { if let count = $1 { $0.append(count) } }
        }
        #expect(done == [3])
    }

    @Test func `a plan whose actions are not those that its digest is of is refused`() async throws {
        try await addUnused("a")
        let policies = PolicySet([Self.revoke])
        let result = try await plan(policies)
        let identity = try await fixture.store.read { try $0.identity() }
        let forged = SavedPlan(
            id: "plan_forged", digest: result.plan.digest, policiesDigest: policies.digest, instance: identity.instance,
            generation: identity.generation, generationID: identity.generationID, at: fixture.clock.now(),
            expiresAt: fixture.clock.now() + .days(1), requester: Self.alice, actions: 1, needsApproval: false)
        let action = SavedAction(
            tokenID: TokenID("tok_a"), name: "a", owner: "", revision: 7, action: .revoke, policy: "unused",
            rule: "unused-for", parameters: "{}", reason: "r", message: "m", deadline: nil)
        let change = fixture.change()
        try await fixture.store.write { try $0.savePlan(forged, actions: [action], change: change) }
        let refused = "the plan plan_forged is not the one that was saved: its digest is another"
        #expect(await refusal { _ = try await apply(forged, policies) } == refused)
        #expect(await refusal { try await approve(forged, by: person("bob"), policies: policies) } == refused)
    }
}
