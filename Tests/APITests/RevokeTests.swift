import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
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

    @Test func `is told to the log, with who asked and what became of it, and no value`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("alice", scopes: ["rota:operate"])
        let (value, other) = (try await fixture.issue("ingest"), try await fixture.issue("other"))
        for token in [value, value, "unknown"] {
            _ = try await revoke(fixture, token, as: caller, more: "&reason=found+\(other)")
        }
        let ids = try await fixture.store.read { store in
            try ["alice", "ingest"].map { try store.token(named: $0)?.id.text ?? "" }
        }
        let asked = "a revocation was asked for over HTTP request_id=r-1"
        let by = "caller=alice caller_id=\(ids[0])"
        #expect(
            fixture.told.withLock(\.self) == [
                "\(asked) outcome=done \(by) token=\(ids[1])", "\(asked) outcome=already-ended \(by) token=\(ids[1])",
                "\(asked) outcome=unknown \(by)",
            ])
    }
}

struct `A refusal` {
    @Test func `of a caller is told to the log, that of a value that was asked about is not`() async throws {
        let fixture = try APIFixture()
        let gateway = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let nobody = try await fixture.issue("nobody")
        let id = try await fixture.store.read { try $0.token(named: "nobody")?.id.text ?? "" }
        for path in ["/v1/introspect", "/v1/revoke"] {
            for value in [nil, nobody, "wrong"] {
                let headers = value.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
                _ = try await fixture.send("POST", path, headers, form: "token=\(gateway)")
            }
        }
        try await fixture.revoke("nobody")
        _ = try await fixture.send("POST", "/v1/introspect", [("Authorization", "Bearer \(nobody)")], form: "token=a")
        let told = fixture.told.withLock(\.self)
        let (refused, from) = ("a caller was refused request_id=r-1 path=/v1/", "from=unix")
        let who = "caller=nobody caller_id=\(id)"
        #expect(
            told == [
                "\(refused)introspect status=401 error=invalid_client \(from)",
                "\(refused)introspect status=403 error=insufficient_scope \(who) \(from)",
                "\(refused)introspect status=401 error=invalid_token \(from)",
                "\(refused)revoke status=401 error=invalid_client \(from)",
                "\(refused)revoke status=403 error=insufficient_scope \(who) \(from)",
                "\(refused)revoke status=401 error=invalid_token \(from)",
                "\(refused)introspect status=401 error=invalid_token \(who) \(from)",
            ])
        for value in ["wrong", "unknown", nobody] { _ = try await fixture.introspect(value, as: gateway) }
        #expect(fixture.told.withLock(\.count) == told.count)
    }

    @Test func `is told twenty times in a second at the most, and then how many were not`() async throws {
        let fixture = try APIFixture()
        for _ in 0..<50 { _ = try await fixture.send("POST", "/v1/introspect", form: "token=a") }
        #expect(fixture.told.withLock(\.count) == 20)
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        _ = try await fixture.send("POST", "/v1/introspect", form: "token=a")
        #expect(fixture.told.withLock { $0.last?.hasSuffix(" not_told=30") } == true)
    }
}
