import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Whether a token is in use is what it is kept by: what it is refused is no use of it.
struct `A token that lacks the role` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    private func outcomes() -> [Use.Outcome] {
        fixture.uses.withLock { uses in
            defer { uses = [] }
            return uses.map(\.outcome)
        }
    }

    @Test func `is not used by what it is refused`() async throws {
        let value = try await fixture.issue("export", scopes: ["export:read"])
        for (method, path) in [
            ("GET", "/v1/tokens"), ("GET", "/metrics"), ("POST", "/v1/plans"), ("POST", "/v1/import"),
        ] {
            #expect(try await fixture.ask(method, path, as: value).status == 403)
            #expect(outcomes() == [.refused], "\(path)")
        }
        let other = try await fixture.issue("other")
        for path in ["/v1/introspect", "/v1/revoke"] {
            let headers = [(name: "Authorization", value: "Bearer \(value)")]
            #expect(try await fixture.send("POST", path, headers, form: "token=\(other)").status == 403)
            #expect(outcomes() == [.refused], "\(path)")
        }
        let auditor = try await fixture.issue("auditor", scopes: [Role.audit])
        let visitor = try #require(try await Visitor(fixture, auditor))
        _ = outcomes()
        #expect(try await visitor.send("GET", "/admin/api-tokens/new").status == 403)
        #expect(outcomes() == [.refused])
        #expect(try await visitor.send("POST", "/admin/freeze", form: "reason=x", marked: false).status == 403)
        #expect(outcomes() == [])
        #expect(try await visitor.send("GET", "/admin/policies").status == 200)
        #expect(outcomes() == [.accepted])
    }

    @Test func `is used by what it may do`() async throws {
        let auditor = try await fixture.issue("auditor", scopes: [Role.audit])
        #expect(try await fixture.ask("GET", "/v1/tokens", as: auditor).status == 200)
        #expect(outcomes() == [.accepted])
        let gateway = try await fixture.issue("gateway", scopes: [Role.introspect])
        _ = try await fixture.introspect("nothing", as: gateway)
        #expect(outcomes() == [.accepted])
        let value = try await fixture.issue("own", scopes: [])
        let headers = [(name: "Authorization", value: "Bearer \(value)")]
        #expect(try await fixture.send("POST", "/v1/revoke", headers, form: "token=\(value)").status == 200)
        #expect(outcomes() == [.accepted])
    }
}
