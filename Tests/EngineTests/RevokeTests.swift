import Engine
import RotaCore
import TestSupport
import Testing

struct RevokeTests {
    @Test func `each token gets its answer, and only those named are ended`() async throws {
        let fixture = try RunFixture()
        let named = try await fixture.addToken("by-name")
        let identified = try await fixture.addToken("by-id")
        let other = try await fixture.addToken("other")
        let useCase = RevokeUseCase(store: fixture.store, clock: fixture.clock)
        let answers = try await useCase.revoke(
            ["by-name", identified.text, "nobody", "by-name"], reason: "leaked in a log", actor: "cli:alice")
        #expect(answers.map(\.outcome) == [.done, .done, .unknown, .alreadyEnded])
        #expect(answers[0].token?.state == .revoked)
        #expect(answers[2].token == nil)
        let end = try await fixture.token(named).end
        #expect(end?.by == "cli:alice")
        #expect(end?.cause == "leaked in a log")
        #expect(try await fixture.token(other).state == .active)
    }

    @Test func `revocation ends every value, that of an unfinished rotation included`() async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        let id = try await fixture.addToken("ci", destinations: ["main:app#token"])
        _ = try await rotate(fixture, vault, "ci")
        _ = try await RevokeUseCase(store: fixture.store, clock: fixture.clock)
            .revoke(["ci"], reason: "leaked", actor: "cli:alice")
        let versions = try await fixture.store.read { try $0.versions(of: id) }
        #expect(versions.count == 2)
        #expect(versions.allSatisfy { !$0.state.authenticates })
        #expect(try await fixture.store.read { try $0.openRotations() }.isEmpty)
    }

    @Test func `a person's rotation pushes the new value and starts the overlap`() async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        let id = try await fixture.addToken("ci", destinations: ["main:app#token"])
        #expect(try await rotate(fixture, vault, "ci")?.outcome == .started)
        let versions = try await fixture.store.read { try $0.versions(of: id) }
        #expect(versions.map(\.state) == [.previous, .current])
        #expect(try await rotate(fixture, vault, "nobody") == nil)
    }

    @Test func `what cannot be rotated is blocked with the reason`() async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        try await fixture.addToken(
            "foreign", issuer: .external(kind: "aws-iam"), destinations: ["main:a#token"])
        try await fixture.addToken("nowhere")
        try await fixture.addToken("elsewhere", destinations: ["other:a#token"])
        #expect(try await rotate(fixture, vault, "foreign")?.blocked == .issuerNotDriven)
        #expect(try await rotate(fixture, vault, "nowhere")?.blocked == .noDestination)
        #expect(try await rotate(fixture, vault, "elsewhere")?.blocked == .unknownVault)
    }

    private func rotate(_ fixture: RunFixture, _ vault: FakeVault, _ name: String) async throws
        -> RotationResult?
    {
        let rotator = Rotator(
            store: fixture.store, vaults: [vault.name: vault], clock: fixture.clock, random: fixture.random)
        return try await RotateUseCase(store: fixture.store, rotator: rotator, clock: fixture.clock)
            .rotate(name, overlap: .hours(1), reason: "asked for", actor: "cli:alice")
    }
}
