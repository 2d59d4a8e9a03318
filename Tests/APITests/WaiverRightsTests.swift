import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Sight is no right to act: who audits knows of all waivers, and asks for and withdraws no more than he would without.
struct `Waivers of others` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture(policies: .alwaysDue) }

    /// Of a token of somebody else's, and of one of web's.
    private func ask(_ token: String, as value: String) async throws -> Response {
        try await fixture.ask(
            "POST", "/v1/waivers", as: value,
            json: [
                "token": .string(token), "policy": "p", "reason": "late",
                "ends_at": .string((fixture.clock.now() + .days(9)).description),
            ])
    }

    private func id(_ answer: Response) throws -> String {
        try #require(try answer.json()["waiver"]?["id"]?.string, "\(answer.text)")
    }

    @Test func `are neither asked for nor withdrawn by who issues and audits`() async throws {
        _ = try await fixture.issue("theirs", owner: "data")
        _ = try await fixture.issue("ours", owner: "web")
        let dan = try await fixture.issue("dan", scopes: [Role.issue], owner: "data")
        let both = try await fixture.issue("both", scopes: [Role.issue, Role.audit], owner: "web")
        let theirs = try id(await ask("theirs", as: dan))
        #expect(try await fixture.ask("GET", "/v1/waivers/\(theirs)", as: both).status == 200)
        #expect(try await fixture.ask("POST", "/v1/waivers/\(theirs)/withdraw", as: both, json: [:]).status == 403)
        #expect(try await ask("theirs", as: both).status == 403)
        let visitor = try #require(try await Visitor(fixture, both))
        let end = String((fixture.clock.now() + .days(9)).description.prefix(16))
        let form = "token=theirs&rule=p%20expiry&reason=late&ends=\(end)"
        #expect(try await visitor.send("POST", "/admin/waivers", form: form).status == 403)
        #expect(try await visitor.send("GET", "/admin/waivers/new?token=theirs").status == 403)
        let path = "/admin/waivers/\(theirs)/withdraw"
        #expect(try await visitor.send("POST", path, form: "reason=mine").status == 403)
        #expect(!(try await visitor.send("GET", "/admin/waivers").text.contains(path)))
        // His own he does.
        let own = try id(await ask("ours", as: both))
        #expect(try await fixture.ask("POST", "/v1/waivers/\(own)/withdraw", as: both, json: [:]).status == 200)
        // And who operates, everybody's.
        let root = try await fixture.issue("root", scopes: [Role.operate])
        #expect(try await fixture.ask("POST", "/v1/waivers/\(theirs)/withdraw", as: root, json: [:]).status == 200)
        #expect(try await ask("theirs", as: root).status == 201)
    }

    @Test func `are not on the page of who only issues, which has his own`() async throws {
        _ = try await fixture.issue("ours", owner: "web")
        let ivy = try await fixture.issue("ivy", scopes: [Role.issue], owner: "web")
        let root = try await fixture.issue("root", scopes: [Role.admin], owner: "root")
        let others = try id(await ask("ours", as: root))
        let own = try id(await ask("ours", as: ivy))
        let visitor = try #require(try await Visitor(fixture, ivy))
        let page = try await visitor.send("GET", "/admin/waivers")
        #expect(page.status == 200 && page.text.contains(own) && !page.text.contains(others))
        #expect(page.text.contains("those that you asked for") && !page.text.contains("/admin/policies"))
        #expect(page.text.contains("/admin/waivers/\(own)/withdraw") && !page.text.contains("/approve"))
        #expect(try await visitor.send("GET", "/admin/api-tokens").text.contains("href=\"/admin/waivers\""))
        #expect(try await visitor.send("POST", "/admin/waivers/\(others)/withdraw", form: "reason=x").status == 404)
        #expect(try await visitor.send("POST", "/admin/waivers/\(own)/approve", form: "comment=x").status == 403)
        #expect(try await visitor.send("POST", "/admin/waivers/\(own)/withdraw", form: "reason=x").status == 303)
        let after = try await fixture.store.read { (try $0.waiver(own)?.state, try $0.waiver(others)?.state) }
        #expect(after == (.withdrawn, .requested))
        // What is over is listed a page at a time, and also his alone.
        #expect(
            try await fixture.ask("POST", "/v1/waivers/\(others)/withdraw", as: root, json: [:]).status == 200)
        let over = try await visitor.send("GET", "/admin/waivers").text
        #expect(over.contains(own) && !over.contains(others))
        let chief = try #require(try await Visitor(fixture, root))
        let all = try await chief.send("GET", "/admin/waivers").text
        #expect(all.contains(own) && all.contains(others) && all.contains("/admin/policies"))
    }
}
