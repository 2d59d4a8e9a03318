import RotaCore
import TestSupport
import Testing

@testable import Engine

/// Ends that policies give: by `set-expiry`, and by a rotation that renews.
@Suite struct NewEndTests {
    private let fixture: RunFixture
    private let vault = FakeVault("main")

    init() throws { fixture = try RunFixture(endpoints: [.named("hook")]) }

    private static let set = NewEnd(ahead: .days(60), spread: .days(30))
    private static let ends = policy(
        Rule(
            .expiry(required: true, maxLifetime: nil, maxRemaining: .days(365)), action: .setExpiry, newEnd: set))
    private static let renewals = policy(
        Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(24), renewal: .days(90)))

    private static func policy(_ rule: Rule) -> PolicySet {
        PolicySet([Policy(name: "ends", mode: .enforce, rules: [rule])])
    }

    private func run(_ policies: PolicySet) async throws -> RunReport {
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": vault], clock: fixture.clock, random: fixture.random)
        return try await RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random
        ).run(policies: policies, limits: Limits(), actor: "cli:alice")
    }

    private func audit(of id: TokenID) async throws -> [AuditEntry] {
        try await fixture.store.read { store in
            var entries: [AuditEntry] = []
            try store.eachAuditEntry(from: 1, object: id.text) {
                entries.append($0)
                return true
            }
            return entries
        }
    }

    // MARK: set-expiry

    @Test func `a token without an end gets one within the bounds, and the audit log says by what`() async throws {
        let id = try await fixture.addToken("endless", age: .days(10))
        let report = try await run(Self.ends)
        #expect(report.actions.map(\.action) == [.setExpiry])
        #expect(report.count(.done) == 1)
        let token = try await fixture.token(id)
        let end = try #require(token.expiresAt)
        #expect(end == Self.set.end(of: id, at: fixture.clock.now()))
        #expect(end >= fixture.clock.now() + .days(60) && end <= fixture.clock.now() + .days(90))
        #expect(token.state == .active)
        let entry = try #require(try await audit(of: id).last { $0.action == "token.edit" })
        #expect(entry.actor == "policy:ends")
        #expect(entry.body.contains("no-expiry"))
        #expect(entry.body.contains("expires_at"))
    }

    @Test func `an end too far away is brought near`() async throws {
        let id = try await fixture.addToken("late", expiresAt: fixture.clock.now() + .days(366))
        #expect(try await run(Self.ends).count(.done) == 1)
        #expect(try await fixture.token(id).expiresAt == Self.set.end(of: id, at: fixture.clock.now()))
    }

    @Test func `a second run does nothing, on the same day and later`() async throws {
        let id = try await fixture.addToken("endless")
        _ = try await run(Self.ends)
        let end = try await fixture.token(id).expiresAt
        for _ in 1...3 {
            #expect(try await run(Self.ends).actions.isEmpty)
            fixture.clock.advance(by: .days(1))
        }
        #expect(try await fixture.token(id).expiresAt == end)
        #expect(try await audit(of: id).count { $0.action == "token.edit" } == 1)
    }

    @Test func `an end is never moved further away`() async throws {
        // It lives too long, and yet its end is nearer than the one that the rule would give.
        let policies = Self.policy(
            Rule(
                .expiry(required: true, maxLifetime: .days(100), maxRemaining: nil), action: .setExpiry,
                newEnd: Self.set))
        for days in [1, 59, 60, 89, 90, 91, 300] as [Int64] {
            let end = fixture.clock.now() + .days(days)
            let id = try await fixture.addToken("t\(days)", age: .days(200), expiresAt: end)
            _ = try await run(policies)
            let after = try #require(try await fixture.token(id).expiresAt)
            #expect(after <= end, "\(days) days")
            #expect((after < end) == (days > 90), "\(days) days")
        }
    }

    @Test func `a token of another system is blocked, and keeps its end`() async throws {
        let id = try await fixture.addToken("foreign", issuer: .external(kind: "aws-iam"))
        let report = try await run(Self.ends)
        #expect(report.actions.map(\.blocked) == [.issuerNotDriven])
        #expect(try await fixture.token(id).expiresAt == nil)
    }

    @Test func `nothing gets an end in a freeze`() async throws {
        let id = try await fixture.addToken("endless")
        let change = fixture.change()
        let freeze = Freeze(reason: "test", actor: "test", begunAt: change.at, endsAt: nil)
        try await fixture.store.write { try $0.freeze(freeze, change: change) }
        #expect(try await run(Self.ends).count(.done) == 0)
        #expect(try await fixture.token(id).expiresAt == nil)
    }

    // MARK: renew

    @Test func `a rotation by an end gives the token a new one when the new value is current`() async throws {
        let old = fixture.clock.now() + .days(10)
        let id = try await fixture.addToken("ending", expiresAt: old, destinations: ["main:app#token"])
        let report = try await run(Self.renewals)
        #expect(report.actions.map(\.action) == [.rotate] && report.count(.started) == 1)
        #expect(try await fixture.token(id).expiresAt == fixture.clock.now() + .days(90))
        #expect(try await fixture.store.read { try $0.versions(of: id) }.map(\.state) == [.previous, .current])
        #expect(try await run(Self.renewals).actions.isEmpty)
    }

    @Test func `while its place cannot be reached it keeps its end`() async throws {
        let old = fixture.clock.now() + .days(10)
        let id = try await fixture.addToken("ending", expiresAt: old, destinations: ["main:app#token"])
        vault.script(.probe, .denied)
        #expect(try await run(Self.renewals).count(.started) == 0)
        #expect(try await fixture.token(id).expiresAt == old)
    }

    /// A renewal that stands still after its value was armed, then the end that a person gives, then the rest.
    private func renew(_ id: TokenID, movedTo end: Instant?) async throws {
        vault.script(.write, .timesOutBefore, .timesOutBefore, .timesOutBefore)
        _ = try await run(Self.renewals)
        #expect(try await fixture.token(id).values.rotationOpen)
        try await fixture.edit(id) { $0.expiresAt = end }
        fixture.clock.advance(by: .hours(2))
        _ = try await run(Self.renewals)
        #expect(try await fixture.token(id).values.awaitingRetirement, "it is done but for its overlap")
    }

    @Test(arguments: [5, 12, 400, nil] as [Int64?])
    func `an end that a person moves while the rotation is under way stays, and the audit log says so`(
        days: Int64?
    ) async throws {
        let id = try await fixture.addToken(
            "ending", expiresAt: fixture.clock.now() + .days(10), destinations: ["main:app#token"])
        let moved = days.map { fixture.clock.now() + .days($0) }
        try await renew(id, movedTo: moved)
        #expect(try await fixture.token(id).expiresAt == moved)
        let promotion = try #require(try await audit(of: id).last { $0.action == "version.promote" })
        #expect(promotion.body.contains(#""end_kept":"it was moved after the rotation was claimed""#))
    }

    @Test func `an end that nobody moves is renewed, however long the rotation stood still`() async throws {
        let end = fixture.clock.now() + .days(10)
        let id = try await fixture.addToken("ending", expiresAt: end, destinations: ["main:app#token"])
        try await renew(id, movedTo: end)
        #expect(try await fixture.token(id).expiresAt == fixture.clock.now() + .days(90))
    }

    @Test func `a rotation for another reason leaves the end alone`() async throws {
        let end = fixture.clock.now() + .days(10)
        let id = try await fixture.addToken(
            "aged", age: .days(100), expiresAt: end, destinations: ["main:app#token"])
        let report = try await run(Self.policy(Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))))
        #expect(report.count(.started) == 1)
        #expect(try await fixture.token(id).expiresAt == end)
    }
}
