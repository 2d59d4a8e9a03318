import RotaCore
import TestSupport
import Testing

@testable import Engine

/// What is called for and cannot be done is told to somebody: once, until it changes or is over.
@Suite struct BlockedActionTests {
    private let fixture: RunFixture
    private let vault = FakeVault("main")

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    private static let policies = PolicySet([
        Policy(
            name: "rotation", mode: .enforce,
            rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24))])
    ])

    @discardableResult
    private func run() async throws -> RunReport {
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": vault], clock: fixture.clock, random: fixture.random)
        let run = RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
        return try await run.run(policies: Self.policies, limits: Limits(), actor: "cli:alice")
    }

    /// The data of the events of some types, oldest first.
    private func events(_ types: String...) async throws -> [String] {
        let end = fixture.clock.now() + .days(1000)
        return try await fixture.store.read { store in
            try store.dueDeliveries(endpoint: "hook", at: end, limit: 10_000).map(\.event)
                .filter { types.contains($0.type) }.map(\.data)
        }
    }

    @Test func `a block that is known when a finding opens goes out with it`() async throws {
        try await fixture.addToken("nowhere", age: .days(100))
        for _ in 1...3 { try await run() }
        let told = try await events("policy.violated", "token.rotation_stuck")
        #expect(told.count == 1)
        #expect(told.first?.contains(#""blocked":{"code":"no-destination","message":"it has no"#) == true)
        #expect(try await fixture.store.read { try $0.blocks() }.map(\.reason) == [.noDestination])
    }

    @Test func `a block before the deadline, when nothing is violated yet, is told once`() async throws {
        try await fixture.addToken("nowhere", age: .days(88))
        for _ in 1...3 { try await run() }
        let told = try await events("policy.violated", "token.rotation_stuck")
        #expect(told.count == 1)
        #expect(told.first?.contains(#""reason":"no-destination""#) == true)
        // When the deadline has passed the finding tells of it, and nothing else does.
        fixture.clock.advance(by: .days(3))
        for _ in 1...2 { try await run() }
        #expect(try await events("token.rotation_stuck").count == 1)
        #expect(try await events("policy.violated").count == 1)
    }

    @Test func `a conflict that is met on the way is told when it is met, and not each night`() async throws {
        let place = try #require(Destination("main:app#token"))
        let id = try await fixture.addToken("ci", age: .days(100), destinations: ["main:app#token"])
        vault.foreignWrite("somebody else's", at: place)
        let report = try await run()
        #expect(report.actions.map(\.blocked) == [.conflict])
        #expect(report.actions.map(\.needsMending) == [true])
        for _ in 1...2 { try await run() }
        let stuck = try await events("token.rotation_stuck")
        #expect(stuck.count == 1)
        #expect(stuck.first?.contains(#""reason":"conflict""#) == true)
        #expect(stuck.first?.contains("main:app#token holds a value that rota does not know") == true)
        // It is mended, and comes again another time: that is told again.
        vault.foreignWrite(nil, at: place)
        try await run()
        #expect(try await fixture.store.read { try $0.blocks() }.isEmpty)
        #expect(try await fixture.store.read { try $0.versions(of: id) }.count == 2)
        fixture.clock.advance(by: .hours(25))
        try await run()
        fixture.clock.advance(by: .days(100))
        vault.foreignWrite("somebody else's", at: place)
        try await run()
        #expect(try await events("token.rotation_stuck").count == 2)
    }

    @Test func `what is not called for any more is not blocked`() async throws {
        let id = try await fixture.addToken("nowhere", age: .days(100))
        try await run()
        let change = fixture.change()
        _ = try await fixture.store.write { try $0.revokeToken(id, change: change) }
        try await run()
        #expect(try await fixture.store.read { try $0.blocks() }.isEmpty)
    }

    @Test func `that a token is another system's is told, and needs no mending`() async throws {
        try await fixture.addToken("theirs", age: .days(100), issuer: .external(kind: "aws-iam"))
        let report = try await run()
        #expect(report.actions.map(\.blocked) == [.issuerNotDriven])
        #expect(report.actions.map(\.needsMending) == [false])
        #expect(try await events("policy.violated").first?.contains("issuer-not-driven") == true)
    }
}
