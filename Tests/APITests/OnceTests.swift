import Crypto
import Engine
import Glibc
import HTTPServer
import JSON
import RotaCore
import Stores
import TestSupport
import Testing

@testable import API

/// Whoever lost the answer, and asks again with the same key.
struct `What bears a key` {
    /// A token that is in a vault, and somebody who operates it.
    private func house() async throws -> (APIFixture, admin: String) {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"], owner: "root")
        _ = try await fixture.place("ingest", holding: try await fixture.issue("ingest"))
        return (fixture, admin)
    }

    private let key = [(name: "Idempotency-Key", value: "k-1")]

    private func changes(_ fixture: APIFixture) async throws -> Int64 {
        try await fixture.store.read { store in
            var last: Int64 = 0
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                last = entry.number
                return true
            }
            return last
        }
    }

    @Test(arguments: ["tokens/ingest/rotate", "tokens/ingest/revoke", "tokens/ingest/quarantine", "runs"])
    func `is done once, and has the first answer again`(path: String) async throws {
        let (fixture, admin) = try await house()
        let body: JSON = path == "runs" ? [:] : ["reason": "test"]
        let first = try await fixture.ask("POST", "/v1/\(path)", as: admin, key, json: body)
        #expect(first.status == 200, "\(first.text)")
        #expect(first[header: "Idempotent-Replayed"] == nil)
        let done = try await changes(fixture)
        let again = try await fixture.ask("POST", "/v1/\(path)", as: admin, key, json: body)
        #expect(again.status == 200)
        #expect(again.text == first.text)
        #expect(again[header: "Idempotent-Replayed"] == "true")
        #expect(try await changes(fixture) == done)
        // Of another key nothing is known.
        #expect(
            try await fixture.ask("POST", "/v1/\(path)", as: admin, [("Idempotency-Key", "k-2")], json: body)[
                header: "Idempotent-Replayed"] == nil)
    }

    @Test func `is a plan that is approved, applied and withdrawn once`() async throws {
        let old = Policy(
            name: "old", mode: .enforce, selector: Selector(names: [Glob("ingest")]),
            rules: [Rule(.maxAge(.days(1)), action: .revoke)], needsApproval: true)
        let fixture = try APIFixture(policies: PolicySet([old]))
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"], owner: "root")
        let value = try await fixture.issue("ingest")
        fixture.clock.advance(by: .days(2))
        let other = try await fixture.issue("other", scopes: ["rota:operate"], owner: "other")
        func make() async throws -> String {
            let made = try await fixture.ask("POST", "/v1/plans", as: admin, json: [:])
            let id = try #require(try made.json()["plan"]?["id"]?.string)
            #expect(try made.json()["plan"]?["status"]?.string == "awaiting-approval")
            #expect(made[header: "Location"] == "/v1/plans/\(id)")
            return "/v1/plans/\(id)"
        }
        let (applied, withdrawn) = (try await make(), try await make())
        for path in ["\(applied)/approve", "\(applied)/apply", "\(withdrawn)/withdraw"] {
            let key = [(name: "Idempotency-Key", value: String(path.drop { $0 != "_" }))]
            let first = try await fixture.ask("POST", path, as: other, key, json: [:])
            #expect(first.status == 200 && first[header: "Idempotent-Replayed"] == nil, "\(path): \(first.text)")
            let done = try await changes(fixture)
            let again = try await fixture.ask("POST", path, as: other, key, json: [:])
            #expect(again.status == 200 && again.text == first.text, "\(path): \(again.text)")
            #expect(again[header: "Idempotent-Replayed"] == "true")
            #expect(try await changes(fixture) == done)
            // Without a key it is told how it stands.
            #expect(try await fixture.ask("POST", path, as: other, json: [:]).status == 409, "\(path)")
        }
        #expect(try await fixture.ask("GET", "/v1/authorize", as: value).status == 401)
    }

    @Test func `is the same request, or refused`() async throws {
        let (fixture, admin) = try await house()
        let path = "/v1/tokens/ingest/rotate"
        #expect(try await fixture.ask("POST", path, as: admin, key, json: [:]).status == 200)
        #expect(try await fixture.ask("POST", path, as: admin, key, json: ["reason": "x"]).status == 422)
        #expect(try await fixture.ask("POST", "/v1/runs", as: admin, key, json: [:]).status == 422)
    }

    @Test func `may come again where it was refused`() async throws {
        let (fixture, admin) = try await house()
        let path = "/v1/tokens/ingest/rotate"
        let reason: JSON = ["reason": "release"]
        #expect(try await fixture.ask("PUT", "/v1/freeze", as: admin, json: reason).status == 200)
        #expect(try await fixture.ask("POST", path, as: admin, key, json: [:]).status == 409)
        #expect(try await fixture.ask("DELETE", "/v1/freeze", as: admin).status == 200)
        let done = try await fixture.ask("POST", path, as: admin, key, json: [:])
        #expect(done.status == 200)
        #expect(done[header: "Idempotent-Replayed"] == nil)
    }

    @Test(arguments: ["tokens/ingest/rotate", "tokens/ingest/quarantine", "runs"])
    func `may come again where the store was busy, since nothing was done`(path: String) async throws {
        let fixture = try APIFixture(patience: StorePatience(seconds: 0))
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"], owner: "root")
        _ = try await fixture.place("ingest", holding: try await fixture.issue("ingest"))
        let body: JSON = path == "runs" ? [:] : ["reason": "test"]
        let gate = open(fixture.gate, O_RDWR | O_CLOEXEC)
        #expect(flock(gate, LOCK_EX) == 0)
        let refused = try await fixture.ask("POST", "/v1/\(path)", as: admin, key, json: body)
        flock(gate, LOCK_UN)
        close(gate)
        #expect(refused.status == 503, "\(refused.text)")
        let done = try await fixture.ask("POST", "/v1/\(path)", as: admin, key, json: body)
        #expect(done.status == 200 && done[header: "Idempotent-Replayed"] == nil, "\(done.text)")
        let again = try await fixture.ask("POST", "/v1/\(path)", as: admin, key, json: body)
        #expect(again.text == done.text && again[header: "Idempotent-Replayed"] == "true")
    }

    @Test func `may come again where the store got busy before its first change`() async throws {
        let (fixture, admin) = try await house()
        let request = Request(
            id: "r-1", method: "POST", target: try #require(Target("/v1/runs")),
            headers: Headers([("Authorization", "Bearer \(admin)")] + key), body: Array("{}".utf8), peer: .unix)
        let call = Call(
            request: request, path: Router.Parameters(), query: nil,
            standing: try fixture.api.requireRole([Role.admin], request), address: nil, now: fixture.clock.now(),
            clock: fixture.clock, takesKey: true)
        func ask(_ body: @escaping @Sendable () async throws -> Response) async throws -> Int {
            guard case .later(let start) = try fixture.api.performOnce(call, { _ in try await body() }) else {
                return 0
            }
            return await withCheckedContinuation { continuation in
                start(Responder { continuation.resume(returning: $0.status) })
            }
        }
        #expect(try await ask { throw StoreError.busy("another writes") } == 503)
        #expect(try await ask { Response(200) } == 200)
    }

    @Test func `is remembered where a freeze came in the middle, since something was done`() async throws {
        let (fixture, admin) = try await house()
        let path = "/v1/tokens/ingest/rotate"
        let reason: JSON = ["reason": "release"]
        fixture.vault.setHook { call in
            if call.operation == .access { _ = try? await fixture.ask("PUT", "/v1/freeze", as: admin, json: reason) }
            return nil
        }
        let first = try await fixture.ask("POST", path, as: admin, key, json: [:])
        #expect(first.status == 200, "\(first.text)")
        #expect(try first.json()["outcome"]?.string == "started")
        #expect(try first.json()["cause"]?.string?.contains("release") == true)
        fixture.vault.setHook(nil)
        #expect(try await fixture.ask("DELETE", "/v1/freeze", as: admin).status == 200)
        let again = try await fixture.ask("POST", path, as: admin, key, json: [:])
        #expect(again.status == 200 && again[header: "Idempotent-Replayed"] == "true")
        #expect(try await fixture.claims() == 1)
    }

    /// A daemon that is killed in the middle leaves this: `Tests/FaultTests/test_keys.py`.
    @Test func `is not done again where nobody knows how far it came`() async throws {
        let (fixture, admin) = try await house()
        let body: JSON = [:]
        let known = RequestKey("k-1", asked: "POST /v1/tokens/ingest/rotate", Array(body.serialized().utf8))
        let now = fixture.clock.now()
        try await fixture.store.write { store in
            guard let caller = try store.token(named: "admin")?.id else { throw JSON.Missing() }
            try store.rememberRequest(
                AnsweredRequest(request: known.request, status: AnsweredRequest.begun, answer: ""), of: caller,
                key: "k-1", at: now, forgetting: now - .hours(24))
        }
        let answer = try await fixture.ask("POST", "/v1/tokens/ingest/rotate", as: admin, key, json: body)
        #expect(answer.status == 409)
        #expect(try answer.json()["reason"]?.string == "interrupted")
        #expect(try await fixture.claims() == 0)
    }

    @Test func `waits for nobody, and is not begun twice, while it is under way`() async throws {
        let (fixture, admin) = try await house()
        let (path, body): (String, JSON) = ("/v1/tokens/ingest/rotate", ["reason": "test"])
        let meanwhile = Locked<[Response]>([])
        // In the middle of it, while the vault is asked, somebody asks again.
        fixture.vault.setHook { [key] call in
            guard call.operation == .access, meanwhile.withLock({ $0.isEmpty }) else { return nil }
            let other = [(name: "Idempotency-Key", value: "k-2")]
            let answers = [
                try? await fixture.ask("POST", path, as: admin, key, json: body),
                try? await fixture.ask("POST", "/v1/tokens", as: admin, other, json: ["name": "another"]),
            ]
            meanwhile.withLock { $0 = answers.compactMap(\.self) }
            return nil
        }
        let first = try await fixture.ask("POST", path, as: admin, key, json: body)
        fixture.vault.setHook(nil)
        #expect(first.status == 200, "\(first.text)")
        let answers = meanwhile.withLock { $0 }
        let refused = try #require(answers.first)
        #expect(refused.status == 409)
        #expect(try refused.json()["reason"]?.string == "under-way")
        #expect(refused[header: "Retry-After"] == "2")
        // Another key does not wait for this one.
        #expect(answers.count == 2 && answers.last?.status == 201, "\(answers.last?.text ?? "")")
        #expect(try await fixture.claims() == 1)
        let again = try await fixture.ask("POST", path, as: admin, key, json: body)
        #expect(again.text == first.text && again[header: "Idempotent-Replayed"] == "true")
        #expect(fixture.api.underWay.withLock(\.isEmpty))
    }
}
