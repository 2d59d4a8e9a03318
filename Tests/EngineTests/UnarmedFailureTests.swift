import RotaCore
import TestSupport
import Testing

@testable import Engine

/// A vault that lets no rotation begin: nothing is armed, and yet it is counted, told, and not asked at full pace.
@Suite struct UnarmedFailureTests {
    private let fixture: RunFixture
    private let vault = FakeVault("main")

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    private static let policies = PolicySet([
        Policy(
            name: "rotation", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])
    ])

    /// As a new process would have it: it remembers nothing.
    private var rotator: Rotator {
        Rotator(store: fixture.store, vaults: ["main": vault], clock: fixture.clock, random: fixture.random)
    }

    @discardableResult
    private func run(_ policies: PolicySet = Self.policies) async throws -> RunReport {
        let run = RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
        return try await run.run(policies: policies, limits: Limits(), actor: "cli:alice")
    }

    @discardableResult
    private func addDue() async throws -> TokenID {
        try await fixture.addToken("ci", age: .days(100), destinations: ["main:app#token"])
    }

    private func fail(_ operation: FakeVault.Operation, _ fault: FakeVault.Fault) {
        vault.setHook { $0.operation == operation ? fault : nil }
    }

    private func told() async throws -> [String] {
        let end = fixture.clock.now() + .days(1000)
        return try await fixture.store.read { store in
            try store.dueDeliveries(endpoint: "hook", at: end, limit: 10_000).map(\.event)
                .filter { $0.type == "token.rotation_stuck" }.map(\.data)
        }
    }

    @Test func `a vault that is down is told of once, after three attempts`() async throws {
        try await addDue()
        fail(.probe, .transient)
        for attempt in 1...5 {
            #expect(try await run().count(.failed) == 1, "attempt \(attempt)")
            #expect(try await told().count == (attempt < 3 ? 0 : 1), "attempt \(attempt)")
            fixture.clock.advance(by: .hours(2))
        }
        let data = try await told().first
        #expect(data?.contains(#""reason":"stalled""#) == true)
        #expect(data?.contains("connection refused") == true && data?.contains(#""failures":3"#) == true)
    }

    @Test func `what only a person can mend is told at once, and once`() async throws {
        try await addDue()
        fail(.access, .denied)
        for _ in 1...3 {
            try await run()
            #expect(try await told().count == 1)
            fixture.clock.advance(by: .hours(2))
        }
        #expect(try await told().first?.contains("permission denied") == true)
    }

    @Test func `between attempts there is a floor, which a new process keeps`() async throws {
        try await addDue()
        fail(.probe, .denied)
        try await run()
        #expect(vault.count(of: .probe) == 1)
        for _ in 1...3 { try await run() }
        #expect(vault.count(of: .probe) == 1, "its time has not come")
        fixture.clock.advance(by: TimeSpan(seconds: 31))
        try await run()
        #expect(vault.count(of: .probe) == 2, "the first wait is half a minute at the most")
    }

    @Test func `a plan waits for the next attempt and says what for, and success forgets`() async throws {
        let id = try await addDue()
        fail(.access, .denied)
        try await run()
        let plan = {
            let request = PlanRequest(
                policies: Self.policies, limits: Limits(), vaults: ["main"], at: fixture.clock.now())
            return try await fixture.store.read { try makePlan(request, from: $0) }
        }
        let held = try await plan()
        #expect(held.plan.actions.map(\.blocked) == [.vaultFailing])
        let failed = try #require(held.failedAttempts[id])
        #expect(failed.count == 1 && failed.since == fixture.clock.now() && failed.policy == "rotation")
        #expect(failed.cause.contains("permission denied"))
        fixture.clock.advance(by: failed.nextAttemptAt - fixture.clock.now())
        #expect(try await plan().plan.actions.map(\.blocked) == [nil])
        vault.setHook(nil)
        #expect(try await run().count(.started) == 1)
        #expect(try await fixture.store.read { try $0.failedAttempts() }.isEmpty)
    }

    @Test func `what no policy calls for any more is forgotten, and so is what turned out to be a conflict`()
        async throws
    {
        try await addDue()
        let known = { try await fixture.store.read { try $0.failedAttempts() }.count }
        fail(.probe, .denied)
        try await run()
        #expect(try await known() == 1)
        try await run(PolicySet([]))
        #expect(try await known() == 0)
        try await run()
        #expect(try await known() == 1)
        vault.setHook(nil)
        vault.foreignWrite("theirs", at: try #require(Destination("main:app#token")))
        fixture.clock.advance(by: .hours(2))
        #expect(try await run().actions.map(\.blocked) == [.conflict])
        #expect(try await known() == 0)
    }

    @Test func `a person's rotation is not held back by the floor`() async throws {
        let id = try await addDue()
        fail(.probe, .denied)
        try await run()
        vault.setHook(nil)
        let rotate = RotateUseCase(store: fixture.store, rotator: rotator, clock: fixture.clock)
        let result = try await rotate.rotate("ci", overlap: .hours(1), reason: "mended", actor: "cli:alice")
        #expect(result?.outcome == .started)
        #expect(try await fixture.token(id).values.current == 2)
    }
}
