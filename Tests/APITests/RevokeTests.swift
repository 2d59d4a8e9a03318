import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import Testing

struct `Revocation` {
    private func revoke(_ fixture: APIFixture, _ value: String, as caller: String, more: String = "")
        async throws -> Response
    {
        try await fixture.send(
            "POST", "/v1/revoke", [("Authorization", "Bearer \(caller)")], form: "token=\(value)\(more)")
    }

    @Test(arguments: ["rota:operate", "rota:admin"])
    func `by those who operate ends the token before it answers`(role: String) async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("alice", scopes: [role, "rota:introspect"])
        let value = try await fixture.issue("ingest")
        let answer = try await revoke(fixture, value, as: caller, more: "&reason=left+the+company")
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(try await fixture.introspect(value, as: caller)["active"]?.bool == false)
        let end = try await fixture.store.read { try $0.token(named: "ingest") }?.end
        #expect(end?.by == "token:alice")
        #expect(end?.cause == "left the company")
    }

    @Test func `is open to whoever holds the very value, and to nobody else`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let other = try await fixture.issue("other", scopes: ["rota:introspect"])
        let refused = try await revoke(fixture, value, as: other)
        #expect(refused.status == 403)
        #expect(try refused.json()["error"]?.string == "insufficient_scope")
        #expect(try await fixture.store.read { try $0.token(named: "ingest") }?.state == .active)
        #expect(try await revoke(fixture, value, as: value).status == 200)
        #expect(try await fixture.store.read { try $0.token(named: "ingest") }?.state == .revoked)
    }

    @Test func `answers the same for what is unknown or ended already`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("alice", scopes: ["rota:operate"])
        let value = try await fixture.issue("ingest")
        for token in [value, value, "unknown"] {
            let answer = try await revoke(fixture, token, as: caller, more: "&token_type_hint=access_token")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }

    @Test func `takes a reason of one line only`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("alice", scopes: ["rota:operate"])
        let value = try await fixture.issue("ingest")
        for reason in ["", "a%0Ab", String(repeating: "a", count: 201), "%ff"] {
            #expect(try await revoke(fixture, value, as: caller, more: "&reason=\(reason)").status == 400)
        }
        #expect(try await fixture.store.read { try $0.token(named: "ingest") }?.state == .active)
    }
}
