import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

struct `Introspection` {
    @Test func `tells those who may ask what a value is worth`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let end = fixture.clock.now() + .days(30)
        let value = try await fixture.issue(
            "ingest", scopes: ["a:read", "a:write"], owner: "team-a", expiresAt: end)
        let answer = try await fixture.introspect(value, as: caller)
        #expect(answer["active"]?.bool == true)
        #expect(answer["scope"]?.string == "a:read a:write")
        #expect(answer["client_id"]?.string == "ingest")
        #expect(answer["username"]?.string == "team-a")
        #expect(answer["token_type"]?.string == "Bearer")
        #expect(answer["exp"]?.integer == end.seconds)
        #expect(answer["iat"]?.integer == fixture.clock.now().seconds)
        #expect(answer["sub"]?.string?.hasPrefix("tok_") == true)
        #expect(answer["jti"]?.string == (answer["sub"]?.string).map { "\($0).1" })
    }

    @Test func `tells nothing of a value that is not accepted`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let revoked = try await fixture.issue("revoked")
        try await fixture.revoke("revoked")
        let expired = try await fixture.issue("expired", expiresAt: fixture.clock.now() + .hours(1))
        fixture.clock.advance(by: .hours(1))
        let unknown = String(revoked.dropLast(6)) + "000000"
        for value in [revoked, expired, unknown, "x", "%00", String(repeating: "a", count: 4096)] {
            let answer = try await fixture.send(
                "POST", "/v1/introspect", [("Authorization", "Bearer \(caller)")], form: "token=\(value)")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"active":false}"#)
            #expect(answer[header: "Cache-Control"] == "no-store")
        }
    }

    @Test func `takes the caller's value as a Basic password too`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:admin"])
        let pair = Base64.standard.encode(Array("anything:\(caller)".utf8))
        let answer = try await fixture.send(
            "POST", "/v1/introspect", [("authorization", "basic \(pair)")], form: "token=\(caller)")
        #expect(try answer.json()["active"]?.bool == true)
    }

    @Test func `refuses callers who do not say who they are, or may not ask`() async throws {
        let fixture = try APIFixture()
        let stranger = try await fixture.issue("stranger", scopes: ["rota:issue"])
        let ended = try await fixture.issue("ended", scopes: ["rota:introspect"])
        try await fixture.revoke("ended")
        let basic = Base64.standard.encode(Array("x:\(ended)".utf8))
        let cases: [(String?, Int, String, String?)] = [
            (nil, 401, "invalid_client", #"Bearer realm="rota""#),
            ("Bearer \(ended)", 401, "invalid_token", #"Bearer realm="rota", error="invalid_token", "#),
            ("Basic \(basic)", 401, "invalid_client", #"Basic realm="rota""#),
            ("Bearer \(stranger)", 403, "insufficient_scope", #"Bearer realm="rota", error="insufficient_scope""#),
            // RFC 6750: a Bearer that cannot be read is a bad request. RFC 6749: all else is a client that fails.
            ("Bearer", 400, "invalid_request", nil), ("Bearer a b", 400, "invalid_request", nil),
            ("Digest x", 401, "invalid_client", #"Basic realm="rota""#),
            ("Basic %%%", 401, "invalid_client", #"Basic realm="rota""#),
            ("Basic eDo=", 401, "invalid_client", #"Basic realm="rota""#),
            ("Basic", 401, "invalid_client", #"Basic realm="rota""#),
            ("", 401, "invalid_client", #"Basic realm="rota""#),
        ]
        for (authorization, status, error, challenge) in cases {
            let headers = authorization.map { [(name: "Authorization", value: $0)] } ?? []
            let answer = try await fixture.send("POST", "/v1/introspect", headers, form: "token=x")
            #expect(answer.status == status, "\(authorization ?? "-")")
            #expect(try answer.json()["error"]?.string == error, "\(authorization ?? "-")")
            #expect(answer[header: "Cache-Control"] == "no-store")
            #expect((answer.challenges.first?.hasPrefix(challenge ?? "-")) ?? (challenge == nil))
        }
    }

    @Test(arguments: [
        ("", "give 'token', once"), ("token=", "give 'token', once"), ("token=a&token=b", "give 'token', once"),
        ("token=%zz", "the form cannot be read"), ("other=a", "give 'token', once"),
        ("token=" + String(repeating: "a", count: 4097), "the token is longer than any token"),
    ])
    func `wants one token in a form`(form: String, problem: String) async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let answer = try await fixture.send(
            "POST", "/v1/introspect", [("Authorization", "Bearer \(caller)")], form: form)
        #expect(answer.status == 400)
        #expect(try answer.json()["error_description"]?.string == problem)
    }

    @Test func `wants a form, not JSON`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let answer = try await fixture.send(
            "POST", "/v1/introspect",
            [("Authorization", "Bearer \(caller)"), ("Content-Type", "application/json")])
        #expect(answer.status == 400)
    }

    @Test func `tells the end of a value that was replaced, while it is to come`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let end = fixture.clock.now() + .days(30)
        let values = (
            bounded: try await fixture.issue("bounded", expiresAt: end), endless: try await fixture.issue("endless")
        )
        let overlapEnd = fixture.clock.now() + .hours(1)
        try await fixture.replace("bounded", until: overlapEnd)
        try await fixture.replace("endless", until: overlapEnd)
        #expect(try await fixture.introspect(values.bounded, as: caller)["exp"]?.integer == overlapEnd.seconds)
        #expect(try await fixture.introspect(values.endless, as: caller)["exp"]?.integer == overlapEnd.seconds)
        // It lives on while it is in use: an end that has passed is none.
        fixture.clock.advance(by: .hours(2))
        #expect(try await fixture.introspect(values.bounded, as: caller)["exp"]?.integer == end.seconds)
        let late = try await fixture.introspect(values.endless, as: caller)
        #expect(late["active"]?.bool == true && late["exp"] == nil)
    }

    @Test func `counts as a use of both values, with what the caller tells`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let value = try await fixture.issue("ingest", scopes: ["a:read", "a:write"])
        let revoked = try await fixture.issue("revoked")
        try await fixture.revoke("revoked")
        let more = "&scope=a%3Aread+b%3Aadmin+a%3Awrite&source=192.0.2.7&agent=curl%2F8"
        _ = try await fixture.introspect(value, as: caller, more: more)
        _ = try await fixture.introspect(revoked, as: caller)
        _ = try await fixture.introspect("unknown", as: caller)
        let uses = fixture.uses.withLock { $0 }
        #expect(uses.map(\.outcome) == [.accepted, .accepted, .accepted, .refused, .accepted])
        #expect(uses[1].source == "192.0.2.7")
        #expect(uses[1].agent == "curl/8")
        #expect(uses[1].scopes == ["a:read", "a:write"])
        #expect(uses[1].version == 1)
        #expect(Set(uses.map(\.tokenID)).count == 3)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("2001%3Adb8%3A%3A1", "2001:db8::1"), ("%3A%3Affff%3A192.0.2.7", "192.0.2.7"),
        ("gateway.internal", nil), ("192.0.2.7%3A443", nil), ("%1b%5B2J", nil), ("", nil),
    ])
    func `records a source that is an address, and no other`(given: String, noted: String?) async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("gateway", scopes: ["rota:introspect"])
        let answer = try await fixture.introspect(caller, as: caller, more: "&source=\(given)")
        #expect(answer["active"]?.bool == true)
        let use = fixture.uses.withLock { $0.last }
        #expect(use?.source == noted)
    }
}
