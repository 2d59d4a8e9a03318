import Crypto
import Dispatch
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Whoever asks may be revoked while what he asked for waits for other writers: what he may do is asked in the
/// transaction that does it.
struct `Whoever was overtaken by another change while he waited` {
    enum Loss: CaseIterable {
        case revoked, withoutRole, ofAnotherOwner

        var status: Int {
            switch self {
            case .revoked: 401
            case .withoutRole: 403
            case .ofAnotherOwner: 503
            }
        }

        func befall(_ name: String, in store: any Store, _ change: Change) throws {
            guard var token = try store.token(named: name) else { throw JSON.Missing() }
            switch self {
            case .revoked: _ = try store.revokeToken(token.id, isEmergency: true, change: change)
            case .withoutRole:
                token.scopes = ["export:read"]
                _ = try store.editToken(token, change: change)
            case .ofAnotherOwner:
                token.owner = "another team"
                _ = try store.editToken(token, change: change)
            }
        }
    }

    private let fixture: APIFixture

    init() throws { fixture = try APIFixture(policies: .alwaysDue) }

    private func entries() async throws -> Int {
        try await fixture.store.read { store in
            var count = 0
            try store.eachAuditEntry(from: 1, object: nil) { _ in
                count += 1
                return true
            }
            return count
        }
    }

    /// What is asked while the store's thread is busy, after another change that waits, too: how it is answered, and
    /// how much was changed beside that.
    private func overtaken(
        by loss: Loss, _ name: String, _ ask: @escaping @Sendable () async throws -> Response
    ) async throws -> (Response, changes: Int) {
        let before = try await entries()
        let (seen, busy) = (fixture.uses.withLock(\.count), DispatchSemaphore(value: 0))
        let change = Change(actor: "cli:tester", at: fixture.clock.now(), cause: "stolen")
        // It may be begun twice, and waits once.
        fixture.store.write { _ in
            busy.wait()
            busy.signal()
        } then: { _ in
        }
        fixture.store.write {
            try loss.befall(name, in: $0, change)
        } then: { _ in
        }
        async let answer = ask()
        // He is let in, since nothing of it is committed yet.
        while fixture.uses.withLock(\.count) == seen { await Task.yield() }
        busy.signal()
        return (try await answer, try await entries() - before - 1)
    }

    private static let bodies: [String: JSON] = [
        "createToken": ["name": "heir", "scopes": ["rota:admin"]], "quarantineToken": ["reason": "x"],
        "restoreToken": ["reason": "x"], "freeze": ["reason": "x"], "sendDeliveries": ["webhook": "w"],
        "requestWaiver": ["token": "t", "policy": "p", "reason": "x", "ends_at": "2026-01-01T00:00:00Z"],
    ]
    /// They change nothing, or want more than a line to be sent.
    private static let others = ["comparePolicies", "importInventory", "adoptValues"]

    private static func path(_ path: String) -> String {
        path.replacing("{token}", with: "t").replacing("{vault}", with: "v").replacing("{webhook}", with: "w")
            .replacing(#/\{[a-z]+\}/#, with: "nothing")
    }

    @Test(arguments: Loss.allCases)
    func `changes nothing by any operation`(loss: Loss) async throws {
        _ = try await fixture.place("t", holding: try await fixture.issue("t"))
        let acting = Operation.all.filter { $0.method != "GET" && !Self.others.contains($0.id) && $0.form == nil }
        var asked = acting.map { ($0, Self.bodies[$0.id] ?? ($0.method == "DELETE" ? nil : [:] as JSON)) }
        let creating = try #require(acting.first { $0.id == "createToken" })
        asked.append((creating, ["name": "heir", "destinations": ["v:heir#value"]]))
        for (index, (operation, body)) in asked.enumerated() {
            guard case .role = operation.handler else { continue }
            let name = "burglar-\(index)"
            let value = try await fixture.issue(name, scopes: [Role.admin], owner: "team")
            let (answer, changes) = try await overtaken(by: loss, name) { [fixture] in
                try await fixture.ask(operation.method, Self.path(operation.path), as: value, json: body)
            }
            #expect(answer.status == loss.status, "\(operation.id): \(answer.text)")
            #expect(changes == 0, "\(operation.id)")
        }
    }

    private static let forms = [
        "/admin/api-tokens":
            "name=heir&scope=rota:admin&expiry=never&request=0123456789abcdef0123456789abcdef&expires=",
        "/admin/webhooks/replay": "endpoint=w", "/admin/webhooks/send": "endpoint=w",
    ]

    @Test(arguments: Loss.allCases)
    func `changes nothing by any page`(loss: Loss) async throws {
        _ = try await fixture.place("t", holding: try await fixture.issue("t"))
        let acting = PageRoute.all.filter { $0.method != "GET" && $0.path != "/admin/sign-out" }
        for (index, route) in acting.enumerated() {
            let name = "burglar-\(index)"
            let value = try await fixture.issue(name, scopes: [Role.admin], owner: "team")
            let visitor = try #require(try await Visitor(fixture, value))
            let form = Self.forms[route.path] ?? "reason=x&token=t&name=t"
            let (answer, changes) = try await overtaken(by: loss, name) {
                try await visitor.send(route.method, Self.path(route.path), form: form)
            }
            #expect(answer.status == loss.status, "\(route.path): \(answer.text.suffix(600))")
            #expect(changes == 0, "\(route.path)")
        }
    }

    @Test(arguments: [Loss.revoked, .withoutRole])
    func `revokes nothing by the endpoint of OAuth`(loss: Loss) async throws {
        let victim = try await fixture.issue("t")
        let value = try await fixture.issue("burglar", scopes: [Role.operate], owner: "team")
        let (answer, changes) = try await overtaken(by: loss, "burglar") { [fixture] in
            try await fixture.send(
                "POST", "/v1/revoke", [("Authorization", "Bearer \(value)")], form: "token=\(victim)")
        }
        #expect(answer.status == loss.status, "\(answer.text)")
        #expect(changes == 0)
        #expect(try await fixture.ask("GET", "/v1/authorize", as: victim).status == 200)
    }

    private struct Lost: Error {}

    /// Between the beginning of an errand and its first change there is time, too.
    @Test func `claims no rotation, and has what is begun by then brought to its end`() async throws {
        _ = try await fixture.place("t", holding: try await fixture.issue("t"))
        let (rotate, asked) = (fixture.api.parts.configuration().rotate, Locked(0))
        let first = FirstChange { _ in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            if count == 1 { throw Lost() }
        }
        try await FirstChange.$current.withValue(first) {
            await #expect(throws: Lost.self) {
                _ = try await rotate.rotate("t", overlap: .zero, reason: "x", actor: "token:burglar")
            }
            #expect(try await fixture.claims() == 0 && !first.isMade)
            let result = try await rotate.rotate("t", overlap: .zero, reason: "x", actor: "token:burglar")
            #expect(result?.isThrough == true && first.isMade)
        }
        #expect(asked.withLock(\.self) == 2)
    }
}
