import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Whoever takes a name that was free has made nothing before, and asked for nothing.
struct `A name that was another's` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture(policies: .alwaysDue) }

    private func edit(_ name: String, _ members: JSON, as value: String) async throws -> Response {
        try await fixture.ask("PATCH", "/v1/tokens/\(name)", as: value, json: members)
    }

    private func make(_ name: String, _ scopes: [String] = ["a:read"], as value: String) async throws -> String {
        let answer = try await fixture.ask(
            "POST", "/v1/tokens", as: value,
            json: ["name": .string(name), "scopes": .array(scopes.map { .string($0) })])
        return try #require(try answer.json()["value"]?.string, "\(answer.text)")
    }

    /// A token without a role that is older than what amy makes, is called as she was, and has a role then.
    private func taken(_ amy: String, by ivy: String, _ meanwhile: () async throws -> Void) async throws -> String {
        let value = try await make("plain", as: ivy)
        try await meanwhile()
        #expect(try await edit("plain", ["name": "amy"], as: ivy).status == 409)
        try await fixture.revoke("amy")
        #expect(try await edit("plain", ["name": "amy"], as: ivy).status == 200)
        #expect(try await edit("amy", ["scopes": ["a:read", .string(Role.issue)]], as: ivy).status == 200)
        return value
    }

    @Test func `has made nothing, also where the token that took it is older`() async throws {
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue, "a:read"], owner: "web")
        let amy = try await fixture.issue("amy", scopes: [Role.issue, "a:read"], owner: "web")
        let value = try await taken(amy, by: ivy) { _ = try await make("amys", as: amy) }
        for (path, body) in [("revoke", [:]), ("rotate", [:])] as [(String, JSON)] {
            #expect(try await fixture.ask("POST", "/v1/tokens/amys/\(path)", as: value, json: body).status == 403)
        }
        #expect(try await edit("amys", ["scopes": []], as: value).status == 403)
        // What is made in the name from then on is whose it is.
        _ = try await make("own", as: value)
        #expect(try await fixture.ask("POST", "/v1/tokens/own/revoke", as: value, json: [:]).status == 200)
        // Nor is a maker who was called otherwise for a while known by his name again.
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        _ = try await make("ivys", as: ivy)
        for (name, other) in [("ivy", "eve"), ("eve", "ivy")] {
            #expect(try await edit(name, ["name": .string(other)], as: admin).status == 200)
        }
        #expect(try await fixture.ask("POST", "/v1/tokens/ivys/revoke", as: ivy, json: [:]).status == 403)
    }

    @Test func `has asked for no waiver`() async throws {
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue, "a:read"], owner: "web")
        let amy = try await fixture.issue("amy", scopes: [Role.issue, "a:read"], owner: "web")
        var id = ""
        let value = try await taken(amy, by: ivy) {
            _ = try await make("amys", as: amy)
            let asked = try await fixture.ask("POST", "/v1/waivers", as: amy, json: waiver(of: "amys"))
            id = try #require(try asked.json()["waiver"]?["id"]?.string, "\(asked.text)")
            #expect(try await fixture.ask("GET", "/v1/waivers/\(id)", as: amy).status == 200)
        }
        #expect(try await fixture.ask("GET", "/v1/waivers/\(id)", as: value).status == 404)
        #expect(try await fixture.ask("POST", "/v1/waivers/\(id)/withdraw", as: value, json: [:]).status == 404)
        #expect(try await fixture.ask("GET", "/v1/waivers", as: value).json()["waivers"]?.array?.isEmpty == true)
    }

    private func waiver(of token: String) -> JSON {
        [
            "token": .string(token), "policy": "p", "reason": "late",
            "ends_at": .string((fixture.clock.now() + .days(9)).description),
        ]
    }
}
