import Crypto
import RotaCore
import TestSupport
import Testing

@testable import Engine

/// Quarantine by people and by policies, from the first run to the last.
struct QuarantineTests {
    private static let policies = PolicySet([
        Policy(
            name: "idle", mode: .enforce,
            rules: [Rule(.unusedFor(.days(30)), action: .quarantine, revokeAfter: .days(14))])
    ])

    private let fixture: RunFixture

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    private func run() async throws -> RunReport {
        let rotator = Rotator(store: fixture.store, vaults: [:], clock: fixture.clock, random: fixture.random)
        return try await RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random
        ).run(policies: Self.policies, limits: Limits(), actor: "cli:alice")
    }

    private func addIdle(_ name: String = "idle") async throws -> TokenID {
        try await fixture.addToken(name, age: .days(60), usage: .lastUsed(fixture.clock.now() - .days(31)))
    }

    private var useCase: QuarantineUseCase { QuarantineUseCase(store: fixture.store, clock: fixture.clock) }

    private func refuse(_ id: TokenID) async throws {
        let now = fixture.clock.now()
        let tally = UseTally(
            key: UseTally.Key(tokenID: id, version: 1, day: now.midnight),
            refused: UseTally.Side(
                count: 3, last: now, sources: Sightings(texts: ["10.0.0.7"], more: false),
                agents: Sightings(texts: ["export"], more: false)))
        try await fixture.store.write { try $0.recordUses([tally], by: "test", at: now) }
    }

    @Test func `a run quarantines, waits, and revokes what nobody restored, and says who calls`() async throws {
        let id = try await addIdle()
        let first = try await run()
        #expect(first.actions.map(\.action) == [.quarantine] && first.count(.done) == 1)
        #expect(try await fixture.token(id).state == .quarantined)
        #expect(try await run().actions.isEmpty, "once")
        fixture.clock.advance(by: .days(13))
        try await refuse(id)
        #expect(try await run().actions.isEmpty, "its time has not passed")
        fixture.clock.advance(by: .days(1))
        let request = PlanRequest(
            policies: Self.policies, limits: Limits(), vaults: [], at: fixture.clock.now())
        let plan = try await fixture.store.read { try makePlan(request, from: $0) }.plan
        #expect(plan.actions.first?.refused?.sources == ["10.0.0.7"])
        #expect(plan.actions.first?.refused?.count == 3)
        let last = try await run()
        #expect(last.actions.map(\.action) == [.revoke] && last.count(.done) == 1)
        let end = try await fixture.token(id).end
        #expect(end?.by == "policy:idle" && end?.cause.hasPrefix("quarantine-over") == true)
        let events = try await fixture.waitingEvents("hook")
        #expect(
            events.filter { $0.hasPrefix("token.") } == [
                "token.issued", "token.quarantined", "token.refused_use", "token.revoked",
            ])
        #expect(try await run().actions.isEmpty)
    }

    @Test func `a quarantined token whose end passes is expired like any other`() async throws {
        let end = fixture.clock.now() + .days(5)
        let id = try await fixture.addToken("short", expiresAt: end)
        let change = fixture.change("leaked")
        #expect(try await fixture.store.write { try $0.quarantineToken(id, by: nil, change: change) })
        fixture.clock.advance(by: .days(5) - TimeSpan(seconds: 1))
        #expect(try await run().expired == 0)
        #expect(try await fixture.token(id).state == .quarantined)
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        #expect(try await run().expired == 1)
        let token = try await fixture.token(id)
        #expect(token.state == .expired && token.end?.at == end)
        let (quarantine, states, actions) = try await fixture.store.read { store in
            var actions: [String] = []
            try store.eachAuditEntry(from: 1, object: id.text) { entry in
                actions.append(entry.action)
                return true
            }
            return (try store.quarantine(of: id), try store.versions(of: id).map(\.state), actions)
        }
        #expect(quarantine == nil && states == [.expired])
        #expect(actions == ["token.issue", "token.quarantine", "token.expire"])
    }

    @Test func `what is restored is not revoked, nor quarantined again at once`() async throws {
        let id = try await addIdle()
        _ = try await run()
        fixture.clock.advance(by: .days(14))
        let result = try await useCase.restore(id, reason: "the export needs it", actor: "cli:alice")
        #expect(result.refusal == nil && result.token?.state == .active)
        #expect(try await run().actions.isEmpty)
        #expect(try await fixture.token(id).canAuthenticate(at: fixture.clock.now()))
    }

    @Test func `what is restored between the plan and its action is skipped`() async throws {
        let id = try await addIdle()
        _ = try await run()
        let quarantine = try #require(try await fixture.store.read { try $0.quarantine(of: id) })
        let held = try await fixture.token(id)
        _ = try await useCase.restore(id, reason: "needed", actor: "cli:alice")
        let restored = try await fixture.token(id)
        #expect(quarantine.revocation(of: held, by: Self.policies.policies) != nil)
        #expect(quarantine.revocation(of: restored, by: Self.policies.policies) == nil)
        #expect(restored.revision > held.revision)
    }

    @Test func `a person is told why nothing was done`() async throws {
        let id = try await fixture.addToken("ours")
        let foreign = try await fixture.addToken("theirs", issuer: .external(kind: "aws-iam"))
        #expect(try await useCase.restore(id, reason: "r", actor: "a").refusal == .already)
        #expect(try await useCase.quarantine(id, reason: "r", actor: "a").refusal == nil)
        #expect(try await useCase.quarantine(id, reason: "r", actor: "a").refusal == .already)
        #expect(try await useCase.quarantine(foreign, reason: "r", actor: "a").refusal == .issuerNotDriven)
        #expect(try await useCase.quarantine(TokenID("none"), reason: "r", actor: "a").refusal == .unknown)
        _ = try await RevokeUseCase(store: fixture.store, clock: fixture.clock)
            .revoke(["ours"], reason: "r", actor: "a")
        #expect(try await useCase.restore(id, reason: "r", actor: "a").refusal == .ended)
        fixture.clock.advance(by: .days(500))
        #expect(try await run().actions.isEmpty, "a quarantine by a person comes to nothing by itself")
    }
}
