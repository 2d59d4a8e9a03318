import Crypto
import JSON
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// Waivers from the request to the end, with runs between.
@Suite struct WaiverTests {
    private static let old = Policy(
        name: "old", mode: .enforce,
        rules: [
            Rule(.maxAge(.days(90)), action: .revoke),
            Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .quarantine),
        ])
    private static let alice = Principal(account: "cli:alice")
    private static let bob = Principal(name: "bob", account: "cli:rota", tokenID: TokenID("tok_bob"))

    private let fixture: RunFixture

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    private func useCase(_ vaults: [FakeVault] = []) -> RunUseCase {
        let rotator = Rotator(
            store: fixture.store, vaults: Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, $0) }),
            clock: fixture.clock, random: fixture.random)
        return RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
    }

    @discardableResult
    private func run(_ policies: [Policy] = [old], limits: Limits = Limits()) async throws -> RunReport {
        try await useCase().run(policies: PolicySet(policies), limits: limits, actor: "cli:alice")
    }

    private func ask(
        _ subject: Waiver.Subject, rule: String? = nil, policy: String = "old", lasting span: TimeSpan = .days(30),
        longest: TimeSpan = .days(366)
    ) async throws -> Waiver {
        let now = fixture.clock.now()
        let random = fixture.random
        let request = WaiverRequest(
            subject: subject, policy: policy, rule: rule, reason: "the vendor", endsAt: now + span, longest: longest)
        return try await fixture.store.write {
            try requestWaiver(request, by: Self.alice, policies: [Self.old], in: $0, random: random, at: now)
        }
    }

    @discardableResult
    private func approve(_ waiver: Waiver, by approver: Principal = bob) async throws -> Waiver {
        let now = fixture.clock.now()
        return try await fixture.store.write {
            try approveWaiver(
                waiver.id, by: approver, comment: "", longest: .days(366), policies: [Self.old], in: $0, at: now)
        }
    }

    private func told(_ prefix: String = "waiver.") async throws -> [String] {
        try await fixture.waitingEvents("hook").filter { $0.hasPrefix(prefix) }
    }

    private func state(_ id: TokenID) async throws -> TokenState { try await fixture.token(id).state }

    @Test func `a waived rule is not acted on, the next strictest is, and the end of the waiver brings it back`()
        async throws
    {
        let id = try await fixture.addToken("t", age: .days(100))
        let waiver = try await ask(.token(id), rule: "max-age")
        try await approve(waiver)
        let report = try await run()
        #expect(report.actions.map(\.action) == [.quarantine])
        #expect(report.waived == [1])
        #expect(try await state(id) == .quarantined)
    }

    @Test func `with all of its policy waived nothing is done to a token until then`() async throws {
        let id = try await fixture.addToken("t", age: .days(100))
        try await approve(try await ask(.token(id)))
        fixture.clock.advance(by: .days(30) - TimeSpan(seconds: 1))
        #expect(try await run().actions.isEmpty)
        #expect(try await state(id) == .active)
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        #expect(try await run().count(.done) == 1)
        #expect(try await state(id) == .revoked)
    }

    @Test func `what is asked for and not approved waives nothing`() async throws {
        let id = try await fixture.addToken("t", age: .days(100))
        _ = try await ask(.matching(.all))
        try await run()
        #expect(try await state(id) == .revoked)
    }

    @Test func `one for what matches leaves the others to their policy`() async throws {
        let kept = try await fixture.addToken("kept", age: .days(100), labels: ["tier": "legacy"])
        let other = try await fixture.addToken("other", age: .days(100))
        try await approve(try await ask(.matching(Selector(labels: ["tier": [Glob("legacy")]]))))
        try await run()
        #expect(try await state(kept) == .active)
        #expect(try await state(other) == .revoked)
    }

    @Test func `a finding closes while it is waived, saying so, and opens again afterwards`() async throws {
        var warns = Self.old
        warns.mode = .warn
        let id = try await fixture.addToken("t", age: .days(100), expiresAt: fixture.clock.now() + .days(400))
        try await run([warns])
        #expect(try await fixture.store.read { try $0.findings(of: id).count { $0.closedAt == nil } } == 1)
        let waiver = try await ask(.token(id))
        try await approve(waiver)
        try await run([warns])
        #expect(try await fixture.store.read { try $0.findings(of: id).count { $0.closedAt == nil } } == 0)
        let causes = try await fixture.store.read { store in
            var causes: [String] = []
            try store.eachAuditEntry(from: 0, object: id.text) { entry in
                if entry.action == "finding.close" { causes.append(entry.body) }
                return true
            }
            return causes
        }
        #expect(causes.count == 1 && causes[0].contains("waived until \(waiver.endsAt) by \(waiver.id): the vendor"))
        fixture.clock.advance(by: .days(30))
        try await run([warns])
        #expect(try await told("policy.violated").count == 2)
    }

    @Test func `one that is approved after the plan was made keeps an action from being taken`() async throws {
        let id = try await fixture.addToken("t", age: .days(100))
        let request = PlanRequest(
            policies: PolicySet([Self.old]), limits: Limits(), vaults: [], at: fixture.clock.now())
        let planned = try await fixture.store.read { try makePlan(request, from: $0) }
        #expect(planned.plan.actions.count == 1)
        try await approve(try await ask(.token(id)))
        let pass = RunPass(
            id: "run", plan: planned.plan, policies: PolicySet([Self.old]), acting: ["old"],
            tracking: planned.tracking, waivers: planned.waivers, brake: nil, actor: "cli:alice",
            startedAt: fixture.clock.now())
        try await fixture.store.write {
            try $0.beginRun(
                RunRecord(id: pass.id, actor: pass.actor, startedAt: pass.startedAt),
                change: pass.change(at: pass.startedAt))
        }
        let actions = try await useCase().act(pass, opened: FindingKeys(), progress: nil)
        #expect(actions.map(\.outcome) == [.skipped])
        #expect(actions.first?.cause?.contains("waived until") == true)
        #expect(try await state(id) == .active)
    }

    @Test func `a rotation that was planned before is not begun either`() async throws {
        let id = try await fixture.addToken("t", age: .days(100), destinations: ["main:t"])
        try await approve(try await ask(.token(id), rule: "max-age"))
        let now = fixture.clock.now()
        let trigger = RotationTrigger(
            policy: "old", rule: "max-age", reason: "max-age-exceeded", message: "", deadline: now)
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": FakeVault("main")], clock: fixture.clock, random: fixture.random)
        func rotate(_ trigger: RotationTrigger?) async throws -> RotationResult? {
            let request = RotationRequest(
                tokenID: id, revision: nil, overlap: .hours(1), cap: OverlapCap(), trigger: trigger,
                change: fixture.change())
            return try await rotator.rotate([request]).first
        }
        let held = try #require(try await rotate(trigger))
        #expect(held.outcome == .skipped && held.cause?.contains("waived until") == true)
        // A person who asks for a rotation means it.
        #expect(try await rotate(nil)?.outcome != .skipped)
    }

    @Test func `the end of a waiver is told 14 days and a day before, once each, and when it is there`() async throws {
        let id = try await fixture.addToken("t")
        try await approve(try await ask(.token(id)))
        var seen: [[String]] = []
        for _ in 0..<31 {
            for _ in 1...2 { try await run() }
            seen.append(try await told())
            fixture.clock.advance(by: .days(1))
        }
        let begun = ["waiver.requested", "waiver.approved"]
        #expect(seen[15] == begun)
        #expect(seen[16] == begun + ["waiver.expiring"])
        #expect(seen[28] == begun + ["waiver.expiring"])
        #expect(seen[29] == begun + ["waiver.expiring", "waiver.expiring"])
        #expect(seen[30] == begun + ["waiver.expiring", "waiver.expiring", "waiver.expired"])
    }

    @Test func `the upkeep of a daemon tells of ends, whatever the schedules say`() async throws {
        let id = try await fixture.addToken("t")
        try await approve(try await ask(.token(id), lasting: .days(2)))
        fixture.clock.advance(by: .days(1))
        #expect(try await useCase().upkeep(stuck: true).waiverEnds == WaiverEnds())
        #expect(try await useCase().upkeep(stuck: false).waiverEnds == WaiverEnds(expiring: 1))
        fixture.clock.advance(by: .days(1))
        #expect(try await useCase().upkeep(stuck: false).waiverEnds == WaiverEnds(expired: 1))
        #expect(try await useCase().upkeep(stuck: false).isIdle)
    }

    @Test func `a request that nobody approved comes to its end, too`() async throws {
        let id = try await fixture.addToken("t")
        let waiver = try await ask(.token(id), lasting: .days(2))
        fixture.clock.advance(by: .days(2))
        #expect(try await run().waiverEnds == WaiverEnds(expired: 1))
        await #expect(throws: WaiverRefusal.self) { try await approve(waiver) }
    }

    @Test func `nothing comes to its end under a brake`() async throws {
        let id = try await fixture.addToken("t")
        try await approve(try await ask(.token(id), lasting: .days(2)))
        fixture.clock.advance(by: .days(3))
        let freeze = Freeze(reason: "r", actor: "a", begunAt: fixture.clock.now(), endsAt: nil)
        let change = fixture.change()
        try await fixture.store.write { try $0.freeze(freeze, change: change) }
        #expect(try await run().waiverEnds == WaiverEnds())
        #expect(try await told().last == "waiver.approved")
    }

    @Test func `who asks cannot approve, and what nobody could mean is refused with what was meant`() async throws {
        let id = try await fixture.addToken("t")
        let waiver = try await ask(.token(id))
        await #expect(throws: WaiverRefusal.self) { try await approve(waiver, by: Self.alice) }
        #expect(try await told() == ["waiver.requested"])
        func refusal(_ body: () async throws -> Void) async throws -> WaiverRefusal? {
            do {
                try await body()
                return nil
            } catch let refusal as WaiverRefusal {
                return refusal
            }
        }
        let policy = try await refusal { _ = try await ask(.token(id), policy: "odl") }
        #expect(policy?.hint == "did you mean 'old'?")
        let rule = try await refusal { _ = try await ask(.token(id), rule: "max-ag") }
        #expect(rule?.hint == "did you mean 'max-age'?")
        let long = try await refusal { _ = try await ask(.token(id), lasting: .days(91), longest: .days(90)) }
        #expect(long?.message.contains("90 days at most") == true)
        let past = try await refusal { _ = try await ask(.token(id), lasting: .zero) }
        #expect(past?.message.contains("not in the future") == true)
    }
}
