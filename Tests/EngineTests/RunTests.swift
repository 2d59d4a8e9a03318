import Crypto
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

struct RunTests {
    private static let hook = Endpoint.named("hook")

    private static let revokeUnused = Policy(
        name: "unused", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .revoke)])
    private static let rotateOld = Policy(
        name: "rotation", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])

    private func policies(_ policies: Policy...) -> PolicySet {
        PolicySet(policies: policies, digest: "sha256:test")
    }

    /// A run whose events go nowhere, unless a transport is given.
    private func useCase(
        _ fixture: RunFixture, vaults: [FakeVault] = [], transport: any EventTransport = ScriptedTransport([])
    ) -> RunUseCase {
        let rotator = Rotator(
            store: fixture.store, vaults: Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, $0) }),
            clock: fixture.clock, random: fixture.random)
        return RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(transport),
            clock: fixture.clock,
            random: fixture.random)
    }

    private func run(
        _ fixture: RunFixture, _ policies: PolicySet, limits: Limits = Limits(), vaults: [FakeVault] = []
    ) async throws -> RunReport {
        try await useCase(fixture, vaults: vaults).run(policies: policies, limits: limits, actor: "cli:alice")
    }

    private func addUnused(_ fixture: RunFixture, _ count: Int) async throws {
        for number in 1...count {
            try await fixture.addToken(
                "unused\(number)", age: .days(60), usage: .neverUsed(since: fixture.clock.now() - .days(60)))
        }
    }

    @Test func `a run revokes what is called for and nothing else`() async throws {
        let fixture = try RunFixture()
        let unused = try await fixture.addToken(
            "old", age: .days(60), usage: .lastUsed(RunFixture.epoch - .days(31)))
        let used = try await fixture.addToken(
            "new", age: .days(60), usage: .lastUsed(RunFixture.epoch - .days(29)))
        let unknown = try await fixture.addToken("unknown", age: .days(60))
        let report = try await run(fixture, policies(Self.revokeUnused))
        #expect(report.actions.map(\.tokenID) == [unused])
        #expect(report.count(.done) == 1)
        let ended = try await fixture.token(unused)
        #expect(ended.state == .revoked)
        #expect(ended.end?.by == "policy:unused")
        #expect(ended.end?.cause.hasPrefix("idle-too-long: ") == true)
        #expect(try await fixture.token(used).state == .active)
        #expect(try await fixture.token(unknown).state == .active)
    }

    @Test func `a second run finds nothing to do`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        let vault = FakeVault("main")
        try await addUnused(fixture, 5)
        try await fixture.addToken("aged", age: .days(100), destinations: ["main:app#token"])
        let policies = policies(Self.revokeUnused, Self.rotateOld)
        let first = try await run(fixture, policies, vaults: [vault])
        #expect(first.count(.done) == 5)
        #expect(first.count(.started) == 1)
        let events = try await fixture.waitingEvents("hook")
        let second = try await run(fixture, policies, vaults: [vault])
        #expect(second.actions.isEmpty)
        #expect(second.recovery.retired == 0)
        // That it ran is all that there is to tell.
        #expect(try await fixture.waitingEvents("hook").sorted() == (events + ["run.completed"]).sorted())
    }

    @Test func `over a limit nothing is changed, and the event says so`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        try await addUnused(fixture, 20)
        let before = try await fixture.waitingEvents("hook")
        let report = try await run(fixture, policies(Self.revokeUnused), limits: Limits(actions: 19))
        #expect(report.refusal?.contains("20") == true)
        #expect(report.actions.isEmpty)
        #expect(report.plan.actions.count == 20)
        #expect(try await fixture.store.read { try $0.countActive() } == 20)
        #expect(try await fixture.store.read { try $0.openFindings() }.isEmpty)
        #expect(try await fixture.waitingEvents("hook") == before + ["run.aborted"])
        #expect(try await fixture.store.read { try $0.lastRun() }?.aborted == report.refusal)
    }

    @Test func `every planned action has one outcome, and they add up`() async throws {
        let fixture = try RunFixture()
        let good = FakeVault("good")
        let bad = FakeVault("bad")
        bad.script(.probe, .denied)
        try await addUnused(fixture, 3)
        try await fixture.addToken("a-fine", age: .days(100), destinations: ["good:a#token"])
        try await fixture.addToken("b-denied", age: .days(99), destinations: ["bad:b#token"])
        try await fixture.addToken("c-later", age: .days(98), destinations: ["good:c#token"])
        try await fixture.addToken("d-nowhere", age: .days(97))
        try await fixture.addToken("e-foreign", age: .days(96), issuer: .external(kind: "aws-iam"))
        var rotation = Self.rotateOld
        rotation.pace = 2
        let report = try await run(fixture, policies(Self.revokeUnused, rotation), vaults: [good, bad])
        let outcomes = Dictionary(uniqueKeysWithValues: report.actions.map { ($0.name, $0.outcome) })
        #expect(outcomes["unused1"] == .done)
        #expect(outcomes["a-fine"] == .started)
        #expect(outcomes["b-denied"] == .failed)
        #expect(outcomes["c-later"] == .waiting)
        #expect(outcomes["d-nowhere"] == .blocked)
        #expect(outcomes["e-foreign"] == .blocked)
        #expect(report.actions.count == report.plan.actions.count)
        #expect(report.actions.map(\.tokenID) == report.plan.actions.map(\.tokenID))
        #expect(Outcome.allCases.reduce(0) { $0 + report.count($1) } == report.plan.actions.count)
        // What is not done says why.
        #expect(report.actions.allSatisfy { [.done, .started].contains($0.outcome) || $0.cause != nil })
        let end = fixture.clock.now()
        let recorded = try await fixture.store.read { store in
            var recorded: [RecordedAction] = []
            try store.eachRunAction(from: RunFixture.epoch - .days(1), to: end + .days(1)) { action in
                recorded.append(action)
                return true
            }
            return recorded
        }
        #expect(Set(recorded) == Set(report.actions))
    }

    @Test func `a run tells how far each of its steps is, and to the end`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        let vault = FakeVault("main")
        try await addUnused(fixture, 3)
        try await fixture.addToken("ended", expiresAt: fixture.clock.now() + .days(1))
        for name in ["stuck", "late"] {
            try await fixture.addToken(name, age: .days(100), destinations: ["main:\(name)#token"])
        }
        let useCase = useCase(fixture, vaults: [vault], transport: ScriptedTransport([Self.hook]))
        // One comes into its overlap, the other one fails.
        vault.setHook { $0.destination?.path == "stuck" && $0.operation == .write ? .timesOutBefore : nil }
        _ = try await useCase.run(policies: policies(Self.rotateOld), limits: Limits(), actor: "cli:alice")
        fixture.clock.advance(by: .days(2))
        let told = Locked<[StepProgress]>([])
        _ = try await useCase.run(policies: policies(Self.revokeUnused), limits: Limits(), actor: "cli:alice") { step in
            told.withLock { $0.append(step) }
        }
        let steps = told.withLock(\.self)
        var order: [StepProgress.Step] = []
        for step in steps.map(\.step) where order.last != step { order.append(step) }
        #expect(order == [.expiring, .recovering, .recording, .acting, .recovering, .closing, .delivering])
        for step in [StepProgress.Step.acting, .recovering, .delivering] {
            let last = try #require(steps.last { $0.step == step })
            #expect(last.finished == last.total && last.finished > 0, "\(last)")
        }
        #expect(steps.contains(StepProgress(.expiring, 1)))
    }

    @Test func `a token that changed between plan and act is skipped with the reason`() async throws {
        let fixture = try RunFixture()
        try await addUnused(fixture, 3)
        let pass = try await plannedPass(fixture, policies(Self.revokeUnused))
        let change = fixture.change("owner moved")
        var edited = try await fixture.token(TokenID("tok_unused2"))
        edited.owner = "team-b"
        let token = edited
        #expect(try await fixture.store.write { try $0.editToken(token, change: change) })
        let actions = try await useCase(fixture).act(pass, opened: FindingKeys()) { _ in }
        #expect(actions.map(\.outcome) == [.done, .skipped, .done])
        #expect(actions[1].cause?.contains("changed since it was planned") == true)
        #expect(try await fixture.token(token.id).state == .active)
    }

    @Test func `what is no longer called for when its turn comes is skipped`() async throws {
        let fixture = try RunFixture()
        try await addUnused(fixture, 1)
        let pass = try await plannedPass(fixture, policies(Self.revokeUnused))
        // As after a use, which is no change of the token: on its idle clock it is earlier now.
        fixture.clock.advance(by: .zero - .days(45))
        let actions = try await useCase(fixture).act(pass, opened: FindingKeys()) { _ in }
        #expect(actions.map(\.outcome) == [.skipped])
        #expect(actions[0].cause?.hasPrefix("no longer called for: ") == true)
    }

    @Test func `two runs of one plan revoke each token once`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        try await addUnused(fixture, 300)
        let pass = try await plannedPass(fixture, policies(Self.revokeUnused))
        let useCase = useCase(fixture)
        async let first = useCase.act(pass, opened: FindingKeys()) { _ in }
        async let second = useCase.act(pass, opened: FindingKeys()) { _ in }
        let outcomes = try await (Array(first) + Array(second)).map(\.outcome)
        #expect(outcomes.count { $0 == .done } == 300)
        #expect(outcomes.count { $0 == .skipped } == 300)
        #expect(try await fixture.waitingEvents("hook").count { $0 == "token.revoked" } == 300)
    }

    @Test func `a finding opens once, is announced once, and closes when it no longer holds`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        let id = try await fixture.addToken("endless")
        let policy = Policy(
            name: "ends", mode: .warn,
            rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil))])
        for _ in 1...3 { _ = try await run(fixture, policies(policy)) }
        #expect(try await fixture.waitingEvents("hook").count { $0 == "policy.violated" } == 1)
        let open = try await fixture.store.read { try $0.openFindings() }
        #expect(open.map(\.tokenID) == [id])
        #expect(open.map(\.reason) == ["no-expiry"])

        var edited = try await fixture.token(id)
        edited.expiresAt = fixture.clock.now() + .days(30)
        let token = edited
        let change = fixture.change()
        _ = try await fixture.store.write { try $0.editToken(token, change: change) }
        _ = try await run(fixture, policies(policy))
        #expect(try await fixture.store.read { try $0.openFindings() }.isEmpty)
        #expect(try await fixture.store.read { try $0.findings(of: id) }.first?.closedAt != nil)
    }

    @Test func `a policy that only observes opens findings and tells nobody`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        try await addUnused(fixture, 2)
        var policy = Self.revokeUnused
        policy.mode = .observe
        let report = try await run(fixture, policies(policy))
        #expect(report.actions.isEmpty)
        #expect(try await fixture.store.read { try $0.openFindings() }.count == 2)
        #expect(try await !fixture.waitingEvents("hook").contains("policy.violated"))
    }

    @Test func `to notify is done once`() async throws {
        let fixture = try RunFixture()
        try await fixture.addToken("aged", age: .days(100))
        let policy = Policy(name: "age", mode: .enforce, rules: [Rule(.maxAge(.days(90)))])
        #expect(try await run(fixture, policies(policy)).actions.map(\.outcome) == [.done])
        #expect(try await run(fixture, policies(policy)).actions.map(\.outcome) == [.skipped])
    }

    @Test func `the finding of a token that the run revokes is closed by it`() async throws {
        let fixture = try RunFixture()
        try await addUnused(fixture, 1)
        _ = try await run(fixture, policies(Self.revokeUnused))
        #expect(try await fixture.store.read { try $0.openFindings() }.isEmpty)
    }

    @Test func `tokens past their end are marked, however many`() async throws {
        let fixture = try RunFixture()
        for number in 1...600 {
            try await fixture.addToken("t\(number)", age: .days(2), expiresAt: RunFixture.epoch - .days(1))
        }
        let alive = try await fixture.addToken("alive", expiresAt: RunFixture.epoch + .days(1))
        let report = try await run(fixture, policies(Self.revokeUnused))
        #expect(report.expired == 600)
        #expect(try await fixture.token(TokenID("tok_t1")).state == .expired)
        #expect(try await fixture.token(alive).state == .active)
        #expect(try await run(fixture, policies(Self.revokeUnused)).expired == 0)
    }

    @Test func `a rotation is finished by a later run, after its overlap`() async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        let id = try await fixture.addToken("aged", age: .days(100), destinations: ["main:app#token"])
        #expect(try await run(fixture, policies(Self.rotateOld), vaults: [vault]).count(.started) == 1)
        fixture.clock.advance(by: .hours(25))
        #expect(try await run(fixture, policies(Self.rotateOld), vaults: [vault]).recovery.retired == 1)
        let versions = try await fixture.store.read { try $0.versions(of: id) }
        #expect(versions.map(\.state) == [.revoked, .current])
    }

    @Test func `a stuck rotation is told by a run that did not try it, without another event`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        let vault = FakeVault("main")
        let id = try await fixture.addToken("aged", age: .days(100), destinations: ["main:app#token"])
        vault.setHook { $0.operation == .write ? .saysYesOnly : nil }
        let first = try await run(fixture, policies(Self.rotateOld), vaults: [vault])
        #expect(first.actions.map(\.outcome) == [.started] && first.stalledBefore.isEmpty)
        let rotation = try #require(try await fixture.store.read { try $0.rotation(of: id) })
        #expect(first.stalled.map(\.nextAttemptAt) == [rotation.nextAttemptAt])

        let before = try await fixture.waitingEvents("hook")
        let writes = vault.count(of: .write)
        let second = try await run(fixture, policies(Self.rotateOld), vaults: [vault])
        #expect(vault.count(of: .write) == writes && second.recovery.rotations.isEmpty && second.actions.isEmpty)
        let stalled = try #require(second.stalledBefore.first)
        #expect(stalled.action.outcome == .started && stalled.action.cause == rotation.cause)
        #expect(stalled.action.policy == "rotation" && stalled.nextAttemptAt == rotation.nextAttemptAt)
        #expect(try await fixture.waitingEvents("hook") == before + ["run.completed"])

        vault.setHook(nil)
        fixture.clock.advance(by: .hours(2))
        #expect(try await run(fixture, policies(Self.rotateOld), vaults: [vault]).stalled.isEmpty)
    }

    @Test func `a rotation is recorded as it ends, while others are under way`() async throws {
        let fixture = try RunFixture()
        let (quick, slow) = (FakeVault("quick"), FakeVault("slow"))
        try await fixture.addToken("a", age: .days(100), destinations: ["quick:a#token"])
        try await fixture.addToken("b", age: .days(99), destinations: ["slow:b#token"])
        let seen = Locked<[Outcome: Int]>([:])
        let store = fixture.store
        slow.setHook { _ in
            for _ in 0..<100_000 where seen.withLock({ $0.isEmpty }) {
                let outcomes = try? await store.read { store in
                    try store.lastRun().map { try store.outcomes(of: $0.id) }
                }
                seen.withLock { $0 = (outcomes ?? nil) ?? [:] }
            }
            return nil
        }
        _ = try await run(fixture, policies(Self.rotateOld), vaults: [quick, slow])
        #expect(seen.withLock(\.self) == [.started: 1])
    }

    @Test func `a run whose process died is closed as aborted by the next, with what it had begun`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        let vault = FakeVault("main")
        let id = try await fixture.addToken("aged", age: .days(100), destinations: ["main:app#token"])
        let start = fixture.clock.now()
        let dead = try openStore(at: fixture.location, endpoints: [])
        let change = Change(actor: "policy:rotation", at: start, cause: "too old", run: "run_dead")
        let trigger = RotationTrigger(
            policy: "rotation", rule: "max-age", reason: "max-age-exceeded", message: "too old", deadline: start)
        try dead.transaction {
            try dead.beginRun(RunRecord(id: "run_dead", actor: "cli:bob", startedAt: start), change: change)
            try dead.planRun("run_dead", digest: "sha256:p", actions: 3, change: change)
            _ = try dead.claimRotation(
                of: id, fromVersion: 1, overlap: .hours(1), cap: OverlapCap(), trigger: trigger, change: change)
        }
        dead.close()
        let report = try await run(fixture, policies(Self.rotateOld), vaults: [vault])
        #expect(report.recovery.rotations.map(\.outcome) == [.started])
        #expect(
            try await fixture.waitingEvents("hook").filter { $0.hasPrefix("run.") } == ["run.aborted", "run.completed"])
        let actions = try await fixture.store.read { store in
            var actions: [RecordedAction] = []
            try store.eachRunAction(from: start, to: start + .days(1)) {
                actions.append($0)
                return true
            }
            return actions
        }
        // Its run tells that it began it, and the one that recovered it that it went on.
        #expect(actions.map(\.run) == ["run_dead", report.id])
        #expect(actions.map(\.outcome) == [.started, .started])
        #expect(actions.allSatisfy { $0.rule == "max-age" && $0.deadline == start })
        // A third one finds nothing to close.
        _ = try await run(fixture, policies(Self.rotateOld), vaults: [vault])
        #expect(try await fixture.waitingEvents("hook").filter { $0 == "run.aborted" }.count == 1)
    }

    @Test func `the events of a run are delivered at its end`() async throws {
        let fixture = try RunFixture(endpoints: [Self.hook])
        try await addUnused(fixture, 2)
        let useCase = useCase(fixture, transport: ScriptedTransport([Self.hook]))
        let report = try await useCase.run(
            policies: policies(Self.revokeUnused), limits: Limits(), actor: "cli:alice")
        #expect(report.waitingDeliveries == 0)
        // Issued, violated and revoked, twice; and the run itself.
        #expect(report.deliveries.delivered == 7)
    }

    /// The pass of a run that has planned and not acted yet.
    private func plannedPass(_ fixture: RunFixture, _ policies: PolicySet) async throws -> RunPass {
        let now = fixture.clock.now()
        let request = PlanRequest(policies: policies, limits: Limits(), vaults: [], at: now)
        let planned = try await fixture.store.read { try makePlan(request, from: $0) }
        let pass = RunPass(
            id: "run_test", plan: planned.plan, policies: policies,
            acting: Set(policies.policies.map(\.name)), tracking: planned.tracking, waivers: planned.waivers,
            actor: "cli:alice", startedAt: now)
        try await fixture.store.write {
            try $0.beginRun(
                RunRecord(id: pass.id, actor: pass.actor, startedAt: now), change: pass.change(at: now))
        }
        return pass
    }
}
