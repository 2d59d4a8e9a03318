import Crypto
import Engine
import HTTPServer
import RotaCore
import TestSupport
import Testing

@testable import API

/// Signing in through somebody else who says who a person is: what he says is for that attempt and that person alone.
struct `Signing in through a provider` {
    private let fixture: APIFixture
    private let asked: Locked<[String]>

    init() throws {
        let asked = Locked<[String]>([])
        self.asked = asked
        fixture = try APIFixture(
            signIns: ["one", "two"].map { name in
                ServedConfiguration.SignIn(
                    name: name, label: name, callback: "https://rota/admin/sign-in/\(name)/callback",
                    address: { "https://\(name)/authorize?state=\($0.state)" },
                    identify: { _, _ in
                        asked.withLock { $0.append(name) }
                        return "alice@example.com"
                    })
            })
    }

    /// Leaves for a provider; what comes back with him: the cookie and the state.
    private func leave(for provider: String) async throws -> (cookie: String, state: String) {
        let answer = try await fixture.send("GET", "/admin/sign-in/\(provider)?next=/admin/api-tokens")
        let cookie = try #require(answer[header: "Set-Cookie"]).prefix { $0 != ";" }
        return (String(cookie), String(cookie.drop { $0 != "=" }.dropFirst()))
    }

    private func comeBack(from provider: String, _ attempt: (cookie: String, state: String)) async throws -> Response {
        try await fixture.send(
            "GET", "/admin/sign-in/\(provider)/callback?code=x&state=\(attempt.state)", [("Cookie", attempt.cookie)])
    }

    @Test func `is ended by the provider alone that it was begun at`() async throws {
        _ = try await fixture.issue("reader", scopes: [Role.audit], owner: "alice@example.com")
        for (begun, ended) in [("one", "two"), ("two", "one")] {
            let answer = try await comeBack(from: ended, try await leave(for: begun))
            #expect(answer.status == 400, "begun at \(begun), ended at \(ended)")
            #expect(answer[header: "Set-Cookie"] == nil)
        }
        // The other one was not even given the code.
        #expect(asked.withLock { $0 } == [])
        #expect(try await comeBack(from: "one", try await leave(for: "one")).status == 200)
        #expect(asked.withLock { $0 } == ["one"])
    }

    @Test func `finds the token with the role that may do most, among however many of a person`() async throws {
        let change = Change(actor: "cli:tester", at: fixture.clock.now(), cause: "test")
        try await fixture.store.write { store in
            for number in 0..<1_600 {
                var draft = TokenDraft(name: "job-\(number)")
                draft.owner = "alice@example.com"
                draft.scopes = number % 2 == 0 ? ["x:read"] : ["not-rota:admin"]
                _ = try issueToken(draft, in: store, random: SystemBytes(), change: change)
            }
        }
        #expect(try await comeBack(from: "one", try await leave(for: "one")).status == 403)
        _ = try await fixture.issue("q-audits", scopes: [Role.audit], owner: "alice@example.com")
        _ = try await fixture.issue("z-issues", scopes: [Role.issue], owner: "alice@example.com")
        _ = try await fixture.issue("r-ends", scopes: [Role.admin], owner: "alice@example.com", expiresAt: end)
        _ = try await fixture.issue("r-other", scopes: [Role.admin], owner: "bob@example.com")
        // It is for a place that its first value has not reached.
        try await fixture.store.write { store in
            var token = Token(
                id: TokenID("tok_valueless"), name: "r-valueless", createdAt: change.at,
                values: ValueSummary(currentIssuedAt: nil))
            (token.owner, token.scopes) = ("alice@example.com", [Role.admin])
            try store.addToken(token, version: nil, destinations: [], change: change)
        }
        fixture.clock.advance(by: .hours(1))
        let entered = try await comeBack(from: "one", try await leave(for: "one"))
        #expect(entered.status == 200)
        let session = try #require(entered[header: "Set-Cookie"]).prefix { $0 != ";" }
        // It is that of him who audits.
        for (path, status) in [("/admin/audit", 200), ("/admin/api-tokens/new", 403)] {
            let page = try await fixture.send("GET", path, [("Cookie", String(session))])
            #expect(page.status == status, "\(path)")
        }
    }

    private var end: Instant { fixture.clock.now() + .minutes(10) }

    @Test func `lasts for as long as the token is of the person who was proven`() async throws {
        _ = try await fixture.issue("reader", scopes: [Role.audit], owner: "alice@example.com")
        let entered = try await comeBack(from: "one", try await leave(for: "one"))
        #expect(entered.status == 200)
        let session = try #require(entered[header: "Set-Cookie"]).prefix { $0 != ";" }
        func look() async throws -> Response {
            try await fixture.send("GET", "/admin/api-tokens", [("Cookie", String(session))])
        }
        #expect(try await look().status == 200)
        let change = Change(actor: "cli:tester", at: fixture.clock.now(), cause: "handed over")
        try await fixture.store.write { store in
            var token = try #require(try store.token(named: "reader"))
            token.owner = "bob@example.com"
            _ = try store.editToken(token, change: change)
        }
        let answer = try await look()
        #expect(answer.status == 303)
        #expect(answer[header: "Location"]?.hasPrefix("/admin/sign-in") == true)
    }
}
