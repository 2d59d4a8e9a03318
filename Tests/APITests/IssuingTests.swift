import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// What who only issues may make, and give: he is held to his ceiling over HTTP and on the pages alike.
struct `Whoever only issues` {
    private let fixture: APIFixture

    init() throws {
        let rules = [Rule(.maxAge(.days(30)))]
        fixture = try APIFixture(
            policies: PolicySet([
                Policy(name: "a", selector: Selector(labels: ["env": [Glob("prod")]]), rules: rules),
                Policy(
                    name: "b", selector: Selector(except: [Selector(labels: ["tier": [Glob("break-glass")]])]),
                    rules: rules),
            ]), issueInto: ["v:{owner}-*"], issueLimit: 3)
    }

    private func issuer(_ name: String, owner: String = "web") async throws -> String {
        try await fixture.issue(name, scopes: [Role.issue, "a:read"], owner: owner)
    }

    private func make(_ name: String, as value: String, owner: String? = nil, _ more: JSON.Object = [:]) async throws
        -> Response
    {
        var members = more
        members["name"] = .string(name)
        members["scopes"] = ["a:read"]
        if let owner { members["owner"] = .string(owner) }
        return try await fixture.ask("POST", "/v1/tokens", as: value, json: .object(members))
    }

    /// As an administrator does over HTTP: they are recorded in his name, and nobody made them here.
    private func imported(_ count: Int, owner: String) async throws {
        let change = Change(actor: "token:admin", at: fixture.clock.now(), cause: "import")
        try await fixture.store.write { store in
            for number in 0..<count {
                var token = Token(
                    id: TokenID("tok_there-\(number)"), name: "there-\(number)", createdAt: change.at,
                    values: ValueSummary(currentIssuedAt: nil))
                (token.owner, token.createdBy, token.provenance) = (owner, change.actor.name, .asserted)
                try store.addToken(token, version: nil, destinations: [], change: change)
            }
        }
    }

    @Test func `makes so many tokens for an owner and no more, by whichever of his tokens`() async throws {
        let (ivy, ida) = (try await issuer("ivy"), try await issuer("ida"))
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        _ = try await fixture.issue("at-home", owner: "web")
        try await imported(5, owner: "web")
        for (name, value) in [("one", ivy), ("two", ida), ("three", ivy)] {
            #expect(try await make(name, as: value).status == 201)
        }
        for value in [ivy, ida] {
            let refused = try await make("four", as: value)
            #expect(refused.status == 409)
            #expect(try refused.json()["reason"] == "issue-limit")
        }
        let placed = try await make("four", as: ivy, ["destinations": ["v:web-four"]])
        #expect(placed.status == 409)
        #expect(try placed.json()["reason"] == "issue-limit")
        let visitor = try #require(try await Visitor(fixture, ivy))
        let form = try await visitor.send("GET", "/admin/api-tokens/new")
        let request = try #require(form.text.firstMatch(of: #/name="request" value="([0-9a-f]+)"/#)?.1)
        let page = try await visitor.send(
            "POST", "/admin/api-tokens", form: "name=four&owner=web&scope=a:read&expiry=never&request=\(request)")
        #expect(page.status == 409)
        #expect(page.text.contains("issue-limit"))
        // Others are not held to it, nor is another owner by it; who has revoked one makes another.
        #expect(try await make("theirs", as: try await issuer("dan", owner: "data")).status == 201)
        #expect(try await make("four", as: admin, owner: "web").status == 201)
        try await fixture.revoke("four")
        try await fixture.revoke("one")
        #expect(try await make("five", as: ida).status == 201)
    }

    @Test(arguments: [["env": "prod"], ["env": "test"], ["tier": "x"], ["note": "y", "tier": "break-glass"]])
    func `gives no label that policies go by`(labels: [String: String]) async throws {
        let value = try await issuer("ivy")
        var members: JSON.Object = [:]
        for (key, label) in labels { members[key] = .string(label) }
        let refused = try await make("made", as: value, ["labels": .object(members)])
        #expect(refused.status == 403)
        #expect(try refused.json()["detail"]?.string?.hasPrefix("policies go by the label") == true)
        #expect(try await make("made", as: value, ["labels": ["note": "y"]]).status == 201)
        let edit = try await fixture.ask(
            "PATCH", "/v1/tokens/made", as: value, json: ["labels": .object(members)])
        #expect(edit.status == 403)
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        #expect(try await make("other", as: admin, ["labels": .object(members)]).status == 201)
    }

    @Test(arguments: ["v:data-x", "v:web", "v:x-web-y", "v:WEB-x"])
    func `has values brought to places of his owner alone`(place: String) async throws {
        let value = try await issuer("ivy")
        let refused = try await make("made", as: value, ["destinations": [.string(place)]])
        #expect(refused.status == 403)
        #expect(try refused.json()["detail"]?.string?.contains("issue-into") == true)
        #expect(try await make("made", as: value, ["destinations": ["v:web-x"]]).status == 201)
        let edit = try await fixture.ask(
            "PATCH", "/v1/tokens/made", as: value, json: ["destinations": ["v:web-x", .string(place)]])
        #expect(edit.status == 403)
        let star = try await issuer("star", owner: "*")
        #expect(try await make("starred", as: star, ["destinations": ["v:x-y"]]).status == 403)
    }
}
