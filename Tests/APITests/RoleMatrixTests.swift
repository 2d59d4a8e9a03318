import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Every route with every role: what is not allowed here is not allowed there.
struct `Who may ask for what` {
    private static let roles = [Role.admin, Role.operate, Role.issue, Role.audit, Role.introspect, "export:read"]

    @Test func `is written down for every route that there is`() async throws {
        let fixture = try APIFixture()
        let routes = fixture.router.routeNames.filter { !$0.hasPrefix("GET /admin/assets/") }
        let (served, written) = (Set(routes), Set(RoleMatrix.all.keys))
        #expect(served.subtracting(written).isEmpty, "not in the matrix")
        #expect(written.subtracting(served).isEmpty, "in the matrix, and not served")
        #expect(routes.count == served.count, "a route is there twice")
        #expect(Set(Operation.described.map(\.id)).count == Operation.described.count)
    }

    /// What a route says of itself is what is told to whoever has none of its roles, and in the description.
    @Test func `is what each route says of itself`() throws {
        for operation in Operation.described {
            let name = "\(operation.takesAnyMethod ? "*" : operation.method) \(operation.path)"
            let told: Set<String> =
                switch operation.access {
                case .role, .caller: Set(operation.roles)
                case .holder: RoleMatrix.holder
                case .anybody: RoleMatrix.anybody
                }
            #expect(told == RoleMatrix.all[name], "\(name)")
        }
        for route in PageRoute.all {
            #expect(Set(route.roles) == RoleMatrix.all["\(route.method) \(route.path)"], "\(route.path)")
        }
    }

    /// What OpenAPI cannot tell of, and the description itself: behind these two a client's own path and query follow.
    private static let undescribed: Set<String> = [
        "* /v1/authorize/{...}", "* /v1/authorize-for/{scopes}/{...}", "GET /openapi.json",
    ]

    @Test func `is described for every route but the pages`() async throws {
        let fixture = try APIFixture()
        let paths = try await fixture.send("GET", "/openapi.json").json()["paths"]?.object
        let told = try #require(paths).flatMap { path in
            (path.value.object ?? [:]).map { "\($0.key.uppercased()) \(path.key)" }
        }
        let served = fixture.router.routeNames.filter { name in
            !name.split(separator: " ")[1].hasPrefix("/admin") && name != "GET /" && !Self.undescribed.contains(name)
        }
        #expect(Set(served.map { $0.replacing("* /v1/authorize", with: "GET /v1/authorize") }) == Set(told))
    }

    @Test(arguments: roles)
    func `is held for operations`(role: String) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("caller", scopes: [role], owner: "team")
        for operation in Operation.all {
            let path = operation.path.replacing(#/\{[a-z]+\}/#, with: "nothing")
            let allowed = try #require(RoleMatrix.all["\(operation.method) \(operation.path)"])
            let body: JSON? = operation.method == "GET" || operation.method == "DELETE" ? nil : [:]
            let answer = try await fixture.send(
                operation.method, path, [("Authorization", "Bearer \(value)")], json: body)
            if allowed.contains(role) {
                #expect(answer.status != 403 && answer.status != 401, "\(operation.id) as \(role): \(answer.text)")
            } else {
                #expect(answer.status == 403, "\(operation.id) as \(role)")
                #expect(answer.challenges.first?.contains("insufficient_scope") == true)
            }
            #expect(answer[header: "Cache-Control"] == "no-store", "\(operation.id)")
            #expect(try await fixture.send(operation.method, path, json: body).status == 401, "\(operation.id)")
        }
    }

    /// Operations that look by themselves at who asks.
    @Test(arguments: roles)
    func `is held for what looks by itself at who asks`(role: String) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("caller", scopes: [role], owner: "team")
        for operation in Operation.open {
            let allowed = try #require(
                RoleMatrix.all["\(operation.takesAnyMethod ? "*" : operation.method) \(operation.path)"])
            let form = operation.form == nil ? nil : "token=unknown"
            let answer = try await fixture.send(
                operation.method, operation.path, [("Authorization", "Bearer \(value)")], form: form)
            let stranger = try await fixture.send(operation.method, operation.path, form: form)
            let isOpen = allowed == RoleMatrix.anybody
            #expect((stranger.status == 401) == !isOpen, "\(operation.id): \(stranger.status)")
            if isOpen || allowed == RoleMatrix.holder || allowed.contains(role) {
                #expect(answer.status != 403 && answer.status != 401, "\(operation.id) as \(role): \(answer.text)")
            } else {
                #expect(answer.status == 403, "\(operation.id) as \(role): \(answer.status)")
            }
        }
    }

    @Test(arguments: roles)
    func `is held for pages`(role: String) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("caller", scopes: [role], owner: "team")
        let visitor = try await Visitor(fixture, value)
        guard let visitor else {
            #expect([Role.introspect, "export:read"].contains(role))
            return
        }
        for route in PageRoute.all {
            let path = route.path.replacing(#/\{[a-z]+\}/#, with: "nothing")
            // Signing out ends the visit, and so is of another one.
            let visit = route.path == Self.signOut ? try #require(try await Visitor(fixture, value)) : visitor
            // Without the mark of the form nothing is done, and without the cookie nobody is there.
            if route.method != "GET" {
                #expect(try await visit.send(route.method, path, form: "reason=x", marked: false).status == 403)
            }
            let stranger = try await fixture.send(route.method, path, form: route.method == "GET" ? nil : "reason=x")
            #expect(route.method == "GET" ? stranger.status == 303 : stranger.status == 401)
            let answer = try await visit.send(route.method, path, form: route.method == "GET" ? nil : "reason=x")
            if try #require(RoleMatrix.all["\(route.method) \(route.path)"]).contains(role) {
                #expect(answer.status != 403, "\(route.method) \(path) as \(role): \(answer.text.suffix(900))")
                #expect(answer.status != 401, "\(route.method) \(path) as \(role): he was not signed in")
            } else {
                #expect(answer.status == 403, "\(route.method) \(path) as \(role)")
            }
            let csp = answer[header: "Content-Security-Policy"]
            // What is refused instead of a file is a page.
            let isFile =
                answer.status == 200 && (route.path.contains("compliance.") || route.path.hasSuffix(".zip"))
            let isPage = answer.status != 303 && !isFile
            #expect(!isPage || csp?.hasPrefix("default-src 'none'") == true)
            #expect(answer[header: "Cache-Control"] == "no-store")
            let isIn = try await visit.send("GET", "/admin/api-tokens").status == 200
            #expect(isIn == (route.path != Self.signOut), "after \(route.method) \(path) as \(role)")
        }
    }

    private static let signOut = "/admin/sign-out"
}

/// Somebody who has signed in.
struct Visitor {
    let fixture: APIFixture
    let cookie: String
    let csrf: String

    /// Nil where he was not let in.
    init?(_ fixture: APIFixture, _ value: String) async throws {
        let answer = try await fixture.send("POST", "/admin/sign-in", form: "token=\(value)&next=/admin/api-tokens")
        guard answer.status == 303, let set = answer[header: "Set-Cookie"] else { return nil }
        self.fixture = fixture
        cookie = String(set.prefix { $0 != ";" })
        let page = try await fixture.send("GET", "/admin/api-tokens", [("Cookie", cookie)])
        csrf = page.text.firstMatch(of: #/name="csrf" value="([0-9a-f]+)"/#).map { String($0.1) } ?? ""
    }

    func send(
        _ method: String, _ path: String, form: String? = nil, marked: Bool = true,
        _ headers: [(name: String, value: String)] = []
    ) async throws -> Response {
        try await fixture.send(
            method, path, [("Cookie", cookie)] + headers,
            form: form.map { marked ? "\($0)&csrf=\(csrf)" : $0 })
    }
}
