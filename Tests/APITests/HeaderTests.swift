import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Where something is, as what it is known, and whose it is to change.
struct `Who changes something` {
    @Test func `is told the tag that it is known by from then on`() async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        _ = try await fixture.issue("ingest")
        let path = "/v1/tokens/ingest"
        let first = try #require(try await fixture.ask("GET", path, as: admin)[header: "ETag"])
        let edit: JSON = ["description": "nightly"]
        let edited = try await fixture.ask("PATCH", path, as: admin, [("If-Match", first)], json: edit)
        let tag = try #require(edited[header: "ETag"])
        #expect(tag != first)
        #expect(try await fixture.ask("GET", path, as: admin)[header: "ETag"] == tag)
        #expect(try await fixture.ask("PATCH", path, as: admin, [("If-Match", first)], json: edit).status == 412)
        #expect(try await fixture.ask("PATCH", path, as: admin, [("If-Match", tag)], json: edit).status == 200)
    }

    @Test func `does not end a freeze of somebody else unseen`() async throws {
        let fixture = try APIFixture()
        let alice = try await fixture.issue("alice", scopes: ["rota:operate"])
        let bob = try await fixture.issue("bob", scopes: ["rota:operate"])
        let hers: JSON = ["reason": "release"]
        let his: JSON = ["reason": "holidays", "ends_at": "2030-01-01T00:00:00Z"]
        let first = try await fixture.ask("PUT", "/v1/freeze", as: alice, json: hers)
        #expect(first.status == 200)
        fixture.clock.advance(by: .hours(1))
        // The same again changes nothing, whoever asks.
        for caller in [alice, bob] {
            #expect(try await fixture.ask("PUT", "/v1/freeze", as: caller, json: hers).text == first.text)
        }
        let refused = try await fixture.ask("PUT", "/v1/freeze", as: bob, json: his)
        #expect(refused.status == 409)
        #expect(refused.text.contains("token:alice") && refused.text.contains("replace"))
        #expect(try await fixture.ask("GET", "/v1/freeze", as: bob).json()["freeze"]?["reason"]?.string == "release")
        var replacing = his.object ?? [:]
        replacing["replace"] = true
        #expect(try await fixture.ask("PUT", "/v1/freeze", as: bob, json: .object(replacing)).status == 200)
        #expect(try await fixture.ask("GET", "/v1/freeze", as: bob).json()["freeze"]?["reason"]?.string == "holidays")
    }

    /// Somebody who only issues, and what he may end and rotate.
    @Test(arguments: ["rotate", "revoke"])
    func `of a token that he only issues has made it himself`(action: String) async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let ivy = try await fixture.issue("ivy", scopes: ["rota:issue", "a:read"], owner: "web")
        let mate = try await fixture.issue("mate", scopes: ["rota:issue", "a:read"], owner: "web")
        _ = try await fixture.issue("ours", owner: "web")
        _ = try await fixture.issue("theirs", owner: "data")
        for name in ["mine", "more", "moved"] {
            let made = try await fixture.ask(
                "POST", "/v1/tokens", as: ivy, json: ["name": .string(name), "scopes": ["a:read"]])
            let value = try #require(try made.json()["value"]?.string)
            _ = try await fixture.place(name, holding: value)
        }
        #expect(
            try await fixture.ask(
                "PATCH", "/v1/tokens/more", as: admin, json: ["scopes": ["a:read", "rota:operate"]]
            ).status == 200)
        #expect(
            try await fixture.ask("PATCH", "/v1/tokens/moved", as: admin, json: ["owner": "data"]).status == 200)
        func status(_ name: String, as value: String, _ body: JSON = [:]) async throws -> Int {
            try await fixture.ask("POST", "/v1/tokens/\(name)/\(action)", as: value, json: body).status
        }
        // One of others, one that may do more than he by now, one that is another owner's.
        #expect(try await status("ours", as: ivy) == 403)
        #expect(try await status("ivy", as: ivy) == 403)
        #expect(try await status("mine", as: mate) == 403)
        #expect(try await status("more", as: ivy) == 403)
        #expect(try await status("moved", as: ivy) == 404)
        #expect(try await status("theirs", as: ivy) == 404)
        if action == "revoke" { #expect(try await status("mine", as: ivy, ["emergency": true]) == 403) }
        let made = try await fixture.ask("POST", "/v1/tokens/mine/\(action)", as: ivy, json: [:])
        #expect(made.status == 200, "\(made.text)")
        #expect(try await status("mine", as: ivy) == (action == "revoke" ? 200 : made.status))
    }
}
