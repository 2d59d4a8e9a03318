import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// The pages on which a token is changed, and rotated.
struct `The page of a change` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    private func visitor() async throws -> Visitor {
        try #require(
            try await Visitor(fixture, try await fixture.issue("root", scopes: [Role.admin], owner: "root")))
    }

    private func edit(_ name: String, _ description: String, revision: Int64) -> String {
        "name=\(name)&description=\(description)&owner=o&labels=&scope=a:read&expiry=never&revision=\(revision)"
    }

    @Test func `shows what was filled in again where a name is taken, or somebody else was faster`() async throws {
        _ = try await fixture.issue("taken")
        _ = try await fixture.issue("mine", scopes: ["a:read"], owner: "o")
        let visitor = try await visitor()
        let token = try #require(try await fixture.store.read { try $0.token(named: "mine") })
        let path = "/admin/api-tokens/\(token.id.text)/edit"
        let taken = try await visitor.send(
            "POST", path, form: edit("taken", "precious+words", revision: Int64(token.revision)))
        #expect(taken.status == 409)
        #expect(taken.text.contains("precious words") && taken.text.contains("Nothing was saved."))
        #expect(
            taken.text.contains("an active token named &#39;taken&#39; exists already")
                || taken.text.contains("an active token named 'taken' exists already"))
        let change = Change(actor: "cli:tester", at: fixture.clock.now(), cause: "test")
        try await fixture.store.write { store in
            var other = token
            other.description = "of somebody else"
            _ = try store.editToken(other, change: change)
        }
        let stale = try await visitor.send(
            "POST", path, form: edit("mine", "precious+words", revision: Int64(token.revision)))
        #expect(stale.status == 409)
        #expect(stale.text.contains("precious words") && stale.text.contains("by now it is of somebody else"))
        #expect(stale.text.contains("has changed since you opened this form"))
        // What is shown is the form as it is now: whoever has read that may save it.
        let now = try #require(try await fixture.store.read { try $0.token(token.id) })
        #expect(stale.text.contains("name=\"revision\" value=\"\(now.revision)\""))
        let saved = try await visitor.send(
            "POST", path, form: edit("mine", "precious+words", revision: Int64(now.revision)))
        #expect(saved.status == 303)
    }

    @Test func `says beforehand that three values are valid, and no further one is made`() async throws {
        _ = try await fixture.issue("t")
        let visitor = try await visitor()
        let end = fixture.clock.now() + .days(2)
        let id = try #require(try await fixture.store.read { try $0.token(named: "t")?.id })
        let path = "/admin/api-tokens/\(id.text)/rotate"
        try await fixture.replace("t", until: end)
        #expect(try await !visitor.send("GET", path).text.contains("Three of its values"))
        try await fixture.replace("t", from: 2, until: end)
        let page = try await visitor.send("GET", path).text
        #expect(page.contains("Three of its values are valid already"), "\(page.suffix(1500))")
        #expect(page.contains("ended, from \(end) on."))
    }
}

/// What a page of another site has a browser send along with a password that it remembers.
struct `A form of another site` {
    @Test(arguments: ["introspect", "revoke"])
    func `asks nothing of the endpoints of OAuth`(path: String) async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        let victim = try await fixture.issue("t")
        let password = Base64.standard.encode(Array("x:\(admin)".utf8))
        func send(_ headers: [(name: String, value: String)]) async throws -> Int {
            try await fixture.send(
                "POST", "/v1/\(path)", [("Authorization", "Basic \(password)"), ("Host", "rota")] + headers,
                form: "token=\(victim)"
            ).status
        }
        #expect(try await send([("Origin", "https://b.example")]) == 403)
        #expect(try await send([("Sec-Fetch-Site", "cross-site")]) == 403)
        #expect(try await fixture.ask("GET", "/v1/authorize", as: victim).status == 200)
        #expect(try await send([("Origin", "https://rota")]) == 200)
    }

    @Test(arguments: ["/v1/audit/export", "/metrics"])
    func `is not what a text of ours is taken for`(path: String) async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        let answer = try await fixture.ask("GET", path, as: admin)
        #expect(answer[header: "Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(answer[header: "X-Content-Type-Options"] == "nosniff")
    }
}
