import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// What pages show of a name is what somebody goes by.
struct `A name that shows as another` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    @Test(arguments: ["name", "owner", "integration"])
    func `is taken for none`(member: String) async throws {
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        func send(_ method: String, _ path: String, _ text: String) async throws -> Response {
            var body: JSON.Object = method == "POST" ? ["name": "new"] : [:]
            body[member] = .string(text)
            return try await fixture.ask(method, path, as: admin, json: .object(body))
        }
        _ = try await fixture.issue("there")
        for text in ["admi\u{200B}n", "admin\u{A0}", "\u{202E}nimda"] {
            for (method, path) in [("POST", "/v1/tokens"), ("PATCH", "/v1/tokens/there")] {
                let refused = try await send(method, path, text)
                #expect(refused.status == 422)
                #expect(try refused.json()["detail"]?.string?.contains("the \(member) has ") == true)
                #expect(refused.text.contains("U+") && refused.text.contains("at place"))
            }
        }
        #expect(try await send("POST", "/v1/tokens", "Müller").status == 201)
    }

    /// One that came in before such were refused.
    @Test func `stays with what has it, and is confirmed as it is read`() async throws {
        let now = fixture.clock.now()
        let change = Change(actor: "cli:tester", at: now, cause: "test")
        let old = Token(
            id: TokenID("tok_old"), name: "o\u{200B}ld\u{A0}name", owner: "te\u{200B}am", createdAt: now,
            usage: .lastUsed(now), values: ValueSummary(currentIssuedAt: nil))
        try await fixture.store.write { try $0.addToken(old, version: nil, destinations: [], change: change) }
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        let edit = try await fixture.ask("PATCH", "/v1/tokens/tok_old", as: admin, json: ["description": "x"])
        #expect(edit.status == 200)
        let visitor = try #require(try await Visitor(fixture, admin))
        let path = "/admin/api-tokens/tok_old/revoke"
        #expect(try await visitor.send("POST", path, form: "reason=gone&name=oldname").status == 422)
        #expect(try await visitor.send("POST", path, form: "reason=gone&name=old%20name").status == 303)
        #expect(try await fixture.store.read { try $0.token(TokenID("tok_old"))?.state } == .revoked)
    }
}
