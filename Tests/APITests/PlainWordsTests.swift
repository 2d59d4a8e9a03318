import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// What somebody is told who asks for what there is not, or may not have it.
struct `An answer to a slip` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture(policies: .alwaysDue) }

    private func detail(_ answer: Response) throws -> String { try answer.json()["detail"]?.string ?? "" }

    @Test func `names the members that are missing`() async throws {
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let token = try await fixture.ask("POST", "/v1/tokens", as: admin, json: [:])
        #expect(token.status == 400)
        #expect(try detail(token) == "name: it is missing")
        let waiver = try await fixture.ask("POST", "/v1/waivers", as: admin, json: ["token": "admin"])
        #expect(waiver.status == 400)
        #expect(try detail(waiver) == "policy: it is missing; reason: it is missing; ends_at: it is missing")
    }

    @Test(arguments: [("/v1/tokens?policy=q", "policy"), ("/v1/deliveries?webhook=v", "webhook")])
    func `to a filter by what there is not is no empty list`(path: String, field: String) async throws {
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let answer = try await fixture.ask("GET", path, as: admin)
        #expect(answer.status == 400)
        #expect(try detail(answer).hasPrefix("\(field): there is no \(field) '"))
        #expect(try await fixture.ask("GET", "/v1/tokens?policy=p", as: admin).status == 200)
        #expect(try await fixture.ask("GET", "/v1/deliveries?webhook=w", as: admin).status == 200)
        let visitor = try #require(try await Visitor(fixture, admin))
        #expect(try await visitor.send("GET", "/admin/api-tokens?policy=q").status == 400)
    }

    @Test func `at v1 self does not lead there`() async throws {
        let there = try await fixture.ask("GET", "/v1/self", as: "rota_nobody")
        #expect(there.status == 401)
        #expect(try !detail(there).contains("/v1/self"))
        let elsewhere = try await fixture.ask("GET", "/v1/tokens", as: "rota_nobody")
        #expect(try detail(elsewhere).contains("/v1/self"))
    }

    @Test func `to who issues says of nothing that he grants it where he edits`() async throws {
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let made: JSON = ["name": "made", "owner": "eve", "scopes": ["a:read", "b:write"]]
        _ = try await fixture.ask("POST", "/v1/tokens", as: admin, json: made)
        let eve = try await fixture.issue("eve", scopes: ["rota:issue", "a:read"], owner: "eve")
        let edit = try await fixture.ask("PATCH", "/v1/tokens/made", as: eve, json: ["description": "x"])
        #expect(edit.status == 403)
        #expect(try detail(edit).hasPrefix("the token has 'b:write', which yours has not"))
        let nobody = try await fixture.issue("nobodys", scopes: ["rota:issue", "a:read"])
        let issue = try await fixture.ask("POST", "/v1/tokens", as: nobody, json: ["name": "n", "scopes": ["a:read"]])
        #expect(issue.status == 403)
        #expect(try detail(issue).hasPrefix("your token 'nobodys' has no owner"))
    }

    @Test func `to who plans where nothing is to be done is that, and no plan`() async throws {
        let idle = try APIFixture()
        let admin = try await idle.issue("admin", scopes: ["rota:admin"])
        let answer = try await idle.ask("POST", "/v1/plans", as: admin, json: [:])
        #expect(answer.status == 409)
        #expect(try detail(answer) == "there is nothing to do now, and so no plan to save")
        let visitor = try #require(try await Visitor(idle, admin))
        #expect(try await visitor.send("POST", "/admin/plans", form: "").status == 303)
        #expect(try await visitor.send("GET", "/admin/plans").text.contains("There is nothing to do now"))
        #expect(try await idle.ask("GET", "/v1/plans", as: admin).json()["plans"]?.array?.isEmpty == true)
    }

    @Test func `to who sends what waits says how much it is`() async throws {
        let house = try APIFixture(endpoints: [Endpoint(name: "w", events: [Glob("*")], retries: [])])
        let admin = try await house.issue("admin", scopes: ["rota:admin"])
        let send = { try await house.ask("POST", "/v1/deliveries/send", as: admin, json: ["webhook": "w"]) }
        #expect(try await send().json()["hastened"]?.integer == 0)
        let now = house.clock.now()
        let event = try await house.store.read { store in try store.deliveries(.waiting, to: "w", after: 0, limit: 1) }
        let waiting = try #require(event.first?.record.event)
        try await house.store.write {
            try $0.recordFailed(
                waiting, to: "w", status: 500, cause: "status 500", nextAttemptAt: now + .hours(1), at: now)
        }
        #expect(try await send().json()["hastened"]?.integer == 1)
        let visitor = try #require(try await Visitor(house, admin))
        #expect(try await visitor.send("POST", "/admin/webhooks/w/test", form: "").status == 303)
        #expect(try await visitor.send("GET", "/admin/webhooks").text.contains("w took the test event"))
        #expect(try await visitor.send("POST", "/admin/webhooks/send", form: "endpoint=w").status == 303)
        // What is disabled is sent nothing, whoever hastens it.
        try await house.store.write { store in
            let change = Change(actor: "rota", at: now, cause: "status 410")
            _ = try store.disableEndpoint(
                DisabledEndpoint(name: "w", place: "", at: now, status: 410, cause: "status 410"), refusing: waiting,
                change: change)
        }
        let refused = try await send()
        #expect(refused.status == 409)
        #expect(try refused.json()["reason"] == "disabled")
        #expect(try await visitor.send("POST", "/admin/webhooks/send", form: "endpoint=w").status == 409)
        #expect(try await !visitor.send("GET", "/admin/webhooks").text.contains("Send waiting now"))
    }
}
