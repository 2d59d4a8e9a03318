import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// A plan that a run saved is approved by somebody else than who asked for the run.
struct `A plan of a run that somebody asked a server for` {
    @Test func `is approved by no token of his, whatever it is called, and by somebody else's`() async throws {
        let old = Policy(
            name: "old", mode: .enforce, selector: Selector(names: [Glob("ingest")]),
            rules: [Rule(.maxAge(.days(1)), action: .revoke)], needsApproval: true)
        let fixture = try APIFixture(policies: PolicySet([old]))
        _ = try await fixture.issue("ingest")
        fixture.clock.advance(by: .days(2))
        let own = try await fixture.issue("op", scopes: [Role.admin], owner: "paul")
        let second = try await fixture.issue("second", scopes: [Role.operate], owner: "paul")
        let other = try await fixture.issue("other", scopes: [Role.operate], owner: "anna")
        #expect(try await fixture.ask("POST", "/v1/runs", as: own, json: [:]).status == 200)
        let plan = try #require(try await fixture.ask("GET", "/v1/plans", as: own).json()["plans"]?.array?.first)
        #expect(plan["requester"]?.string == "paul")
        let path = "/v1/plans/\(plan["id"]?.string ?? "")/approve"
        for value in [own, second] {
            let refused = try await fixture.ask("POST", path, as: value, json: [:])
            #expect(refused.status == 409 && refused.text.contains("may be who asked for the plan"))
            #expect(refused.text.contains("it was asked for by paul"), "\(refused.text)")
        }
        let renamed: JSON = ["name": "innocent", "owner": "otto"]
        #expect(try await fixture.ask("PATCH", "/v1/tokens/op", as: own, json: renamed).status == 200)
        #expect(try await fixture.ask("POST", path, as: own, json: [:]).status == 409)
        #expect(try await fixture.ask("POST", path, as: other, json: [:]).status == 200)
    }
}
