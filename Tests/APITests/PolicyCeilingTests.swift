import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Whoever only issues takes no token out of what policies ask, nor into what somebody else was excepted from.
struct `What policies ask of a token` {
    private let fixture: APIFixture

    init() throws {
        let rules = [Rule(.maxAge(.days(30)))]
        fixture = try APIFixture(
            policies: PolicySet([
                Policy(
                    name: "production", mode: .enforce, selector: Selector(integrations: [Glob("prod-*")]), rules: rules
                ),
                Policy(name: "builds", selector: Selector(names: [Glob("ci-*")]), rules: rules),
                Policy(name: "readers", selector: Selector(scopes: [Glob("a:*")]), rules: rules),
                Policy(name: "all", rules: rules),
            ]))
    }

    private func edit(_ members: JSON, as value: String) async throws -> Response {
        try await fixture.ask("PATCH", "/v1/tokens/ci-one", as: value, json: members)
    }

    /// Somebody asks by a selector, and somebody else approves.
    private func waive(_ selector: Selector, isApproved: Bool = true) async throws -> String {
        let now = fixture.clock.now()
        return try await fixture.store.write { store in
            let waiver = Waiver(
                id: "waiver_\(try store.newestEntry())", subject: .matching(selector), policy: "all", reason: "old",
                requester: Principal(account: "cli:bob"), requestedAt: now, endsAt: now + .days(30))
            let change = Change(actor: "cli:bob", at: now, cause: "test")
            try store.requestWaiver(waiver, change: change)
            guard isApproved else { return waiver.id }
            let approver = Principal(name: "carol", account: "cli:carol", tokenID: TokenID("tok_carol"))
            _ = try store.approveWaiver(waiver.id, Waiver.Approval(approver: approver, at: now), change: change)
            return waiver.id
        }
    }

    @Test(
        arguments: [
            (["integration": "sandbox"], "production"), (["integration": ""], "production"),
            (["name": "renamed"], "builds"),
            (["scopes": ["b:read"]], "readers"),
        ] as [(JSON, String)])
    func `is asked of it as long as nobody who may has it changed`(change: JSON, policy: String) async throws {
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        let made = try await fixture.ask(
            "POST", "/v1/tokens", as: admin,
            json: ["name": "ci-one", "owner": "web", "integration": "prod-eu", "scopes": ["a:read", "b:read"]])
        #expect(made.status == 201)
        let scopes = [Role.issue, "a:read", "b:read"]
        let ivy = try await fixture.issue("ivy", scopes: scopes, owner: "web")
        let refused = try await edit(change, as: ivy)
        #expect(refused.status == 403)
        let told = try refused.json()["detail"]?.string ?? ""
        #expect(change["scopes"] != nil || told.contains("the policy '\(policy)' would not be for the token any more"))
        // Nothing else of it is held, and into a policy he may bring it.
        for allowed in [["description": "x"], ["integration": "prod-us"], ["name": "ci-one"]] as [JSON] {
            #expect(try await edit(allowed, as: ivy).status == 200)
        }
        let form = try await fixture.store.read { try $0.token(named: "ci-one")?.integration }
        #expect(form == "prod-us")
        let operates = try await fixture.issue("ops", scopes: scopes + [Role.operate], owner: "web")
        #expect(try await edit(change, as: operates).status == 200)
    }

    @Test func `is asked of what he made himself, also for its scopes and on its page`() async throws {
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue, "a:read", "b:read"], owner: "web")
        let made = try await fixture.ask(
            "POST", "/v1/tokens", as: ivy, json: ["name": "ci-one", "scopes": ["a:read", "b:read"]])
        #expect(made.status == 201)
        let refused = try await edit(["scopes": ["b:read"]], as: ivy)
        #expect(refused.status == 403 && refused.text.contains("the policy 'readers'"))
        let visitor = try #require(try await Visitor(fixture, ivy))
        let page = try await visitor.send(
            "POST", "/admin/api-tokens/ci-one/edit",
            form: "revision=1&name=other&owner=web&scope=a:read&scope=b:read&expiry=never")
        #expect(page.status == 422 && page.text.contains("the policy &#39;builds&#39;"))
        #expect(try await fixture.store.read { try $0.token(named: "ci-one") } != nil)
    }

    @Test(arguments: [true, false])
    func `is asked of it also where others are excepted`(isApproved: Bool) async throws {
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue, "a:read"], owner: "web")
        let make = { (name: String, labels: JSON) in
            try await fixture.ask(
                "POST", "/v1/tokens", as: ivy,
                json: ["name": .string(name), "scopes": ["a:read"], "labels": labels])
        }
        #expect(try await make("ci-one", [:]).status == 201)
        let id = try await waive(Selector(labels: ["legacy": [Glob("true")]]), isApproved: isApproved)
        let refused = try await edit(["labels": ["legacy": "true"]], as: ivy)
        #expect(refused.status == 403 && refused.text.contains("the waiver \(id)"))
        #expect(try await edit(["labels": ["legacy": "no"]], as: ivy).status == 200)
        // A request counts when it is approved: whoever approves it sees what is there by then.
        let made = try await make("ci-two", ["legacy": "true"])
        #expect(made.status == (isApproved ? 403 : 201))
        #expect(made.text.contains("the waiver \(id)") == isApproved)
        #expect(try await fixture.store.read { try $0.token(named: "ci-two") == nil } == isApproved)
        let visitor = try #require(try await Visitor(fixture, ivy))
        let form = try await visitor.send("GET", "/admin/api-tokens/new")
        let request = try #require(form.text.firstMatch(of: #/name="request" value="([0-9a-f]+)"/#)?.1)
        let page = try await visitor.send(
            "POST", "/admin/api-tokens",
            form: "name=ci-3&owner=web&scope=a:read&labels=legacy%3Dtrue&expiry=never&request=\(request)")
        #expect(page.status == (isApproved ? 403 : 201))
        let admin = try await fixture.issue("admin", scopes: [Role.admin])
        #expect(try await edit(["labels": ["legacy": "true"]], as: admin).status == 200)
    }

    /// That all tokens of an owner are excepted is nothing that somebody has filled in.
    @Test func `is not asked where all of his owner's tokens are excepted`() async throws {
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue, "a:read"], owner: "web")
        _ = try await waive(Selector(owners: [Glob("web")], except: [Selector(labels: ["legacy": [Glob("no")]])]))
        let made = try await fixture.ask(
            "POST", "/v1/tokens", as: ivy, json: ["name": "ci-one", "scopes": ["a:read"], "labels": ["x": "y"]])
        #expect(made.status == 201)
    }
}
