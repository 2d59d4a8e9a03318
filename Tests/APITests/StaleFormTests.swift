import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// What is done from a page is what somebody saw there, and what he may do at the moment when it is done.
struct `A form that was overtaken` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture(policies: .alwaysDue) }

    private func plan() async throws -> (id: String, digest: String) {
        let value = try await fixture.issue("planner", scopes: [Role.operate], owner: "paul")
        let answer = try await fixture.ask("POST", "/v1/plans", as: value, json: [:])
        let plan = try answer.json()["plan"]
        return (try #require(plan?["id"]?.string), try #require(plan?["digest"]?.string))
    }

    @Test func `approves and applies no plan but the one that was looked at`() async throws {
        let plan = try await plan()
        let other = String(plan.digest.reversed())
        let value = try await fixture.issue("approver", scopes: [Role.operate], owner: "anna")
        let visitor = try #require(try await Visitor(fixture, value))
        func state() async throws -> SavedPlan {
            try await fixture.store.read { try $0.requirePlan(plan.id) }
        }
        for form in ["digest=\(other)", "digest=", "comment=x"] {
            #expect(try await visitor.send("POST", "/admin/plans/\(plan.id)/approve", form: form).status == 409)
            #expect(try await state().approval == nil, "\(form)")
        }
        let path = "/admin/plans/\(plan.id)"
        #expect(try await visitor.send("POST", "\(path)/approve", form: "digest=\(plan.digest)").status == 303)
        #expect(try await state().approval != nil)
        for form in ["digest=\(other)", "digest=", "comment=x"] {
            #expect(try await visitor.send("POST", "\(path)/apply", form: form).status == 409)
            #expect(try await state().end == nil, "\(form)")
        }
        #expect(try await visitor.send("POST", "\(path)/apply", form: "digest=\(plan.digest)").status == 303)
        #expect(try await state().end != nil)
    }

    @Test(arguments: [false, true])
    func `revokes no token that may do more by then than who revokes it`(isOvertaken: Bool) async throws {
        let value = try await fixture.issue("maria", scopes: [Role.issue, "a:read"], owner: "maria")
        _ = try await fixture.ask("POST", "/v1/tokens", as: value, json: ["name": "made", "scopes": ["a:read"]])
        let store = fixture.store
        let made = try #require(try await store.read { try $0.token(named: "made") })
        let visitor = try #require(try await Visitor(fixture, value))
        let change = Change(actor: "cli:tester", at: fixture.clock.now(), cause: "it does more now")
        let (looks, answers) = (Locked(0), Locked<[Bool]>([]))
        if isOvertaken {
            // The second look at the configuration is that of the page, from within its reading of the store: what is
            // written from there comes before whatever follows the reading.
            fixture.onLook.withLock { onLook in
                onLook = {
                    guard
                        looks.withLock({ count in
                            count += 1
                            return count
                        }) == 2
                    else { return }
                    store.write { store in
                        var token = made
                        token.scopes = ["a:read", "b:write"]
                        return try store.editToken(token, change: change)
                    } then: { result in
                        answers.withLock { $0.append((try? result.get()) ?? false) }
                    }
                }
            }
        }
        let path = "/admin/api-tokens/\(made.id.text)/revoke"
        let answer = try await visitor.send("POST", path, form: "reason=a+test&name=made")
        fixture.onLook.withLock { $0 = nil }
        #expect(answer.status == (isOvertaken ? 403 : 303), "\(answer.text.suffix(600))")
        #expect(answers.withLock { $0 } == (isOvertaken ? [true] : []))
        let state = try await store.read { try $0.token(made.id)?.state }
        #expect(state == (isOvertaken ? .active : .revoked))
    }
}

/// A file is brought by whoever may bring it, and by nobody else: asked before its first byte is taken.
struct `A file that is sent` {
    @Test func `is taken of nobody but an administrator`() async throws {
        let fixture = try APIFixture()
        let files = fixture.api.files
        func refusal(_ headers: [(name: String, value: String)]) throws -> Response? {
            let target = try #require(Target("/v1/import?name=t.csv"))
            #expect(files.isFor("POST", "/v1/import?name=t.csv"))
            return files.refusal(
                Request(id: "r-1", method: "POST", target: target, headers: Headers(headers), body: [], peer: .unix))
        }
        #expect(try refusal([])?.status == 401)
        #expect(try refusal([("Authorization", "Bearer \(String(repeating: "x", count: 40))")])?.status == 401)
        for role in [Role.operate, Role.issue, Role.audit, Role.introspect, "export:read"] {
            let value = try await fixture.issue("by-\(role.replacing(":", with: "-"))", scopes: [role], owner: "team")
            #expect(try refusal([("Authorization", "Bearer \(value)")])?.status == 403, "\(role)")
        }
        let value = try await fixture.issue("chief", scopes: [Role.admin], owner: "team")
        #expect(try refusal([("Authorization", "Bearer \(value)")]) == nil)
        try await fixture.revoke("chief")
        #expect(try refusal([("Authorization", "Bearer \(value)")])?.status == 401)
    }
}
