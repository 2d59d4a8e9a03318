import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

struct `The holder of a value` {
    private func ask(_ fixture: APIFixture, _ value: String) async throws -> Response {
        try await fixture.send("GET", "/v1/self", [("Authorization", "Bearer \(value)")])
    }

    private func rotate(_ fixture: APIFixture, _ value: String) async throws -> Response {
        try await fixture.send("POST", "/v1/self/rotate", [("Authorization", "Bearer \(value)")])
    }

    @Test func `is told of his token while it is accepted`() async throws {
        let fixture = try APIFixture()
        let end = fixture.clock.now() + .days(9)
        let value = try await fixture.issue("ingest", scopes: ["a", "b"], owner: "team", expiresAt: end)
        let answer = try await ask(fixture, value)
        #expect(answer.status == 200)
        #expect(answer[header: "Cache-Control"] == "no-store")
        let told = try answer.json()
        #expect(told["active"]?.bool == true)
        #expect(told["standing"]?.string == "valid")
        #expect(told["token"]?["name"]?.string == "ingest")
        #expect(told["token"]?["owner"]?.string == "team")
        #expect(told["token"]?["scopes"]?.array?.compactMap(\.string) == ["a", "b"])
        #expect(told["token"]?["expires_at"]?.string == end.description)
        #expect(told["version"]?["number"]?.integer == 1)
        #expect(told["successor"] == .null)
        #expect(fixture.uses.withLock { $0.map(\.outcome) } == [.accepted])
    }

    @Test func `is told of the value that has taken the place of his`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let promoted = fixture.clock.now()
        let end = promoted + .hours(24)
        try await fixture.replace("ingest", until: end)
        fixture.clock.advance(by: .hours(2))
        let told = try await ask(fixture, value).json()
        #expect(told["active"]?.bool == true)
        #expect(told["standing"]?.string == "replaced")
        #expect(told["successor"]?["number"]?.integer == 2)
        #expect(told["version"]?["ends_at"]?.string == end.description)
        // Since the other one is current, and not since it was made.
        #expect(told["since"]?.string == promoted.description)
    }

    @Test(arguments: ["revoked", "expired", "quarantined", "rotated"])
    func `is told what ended it, and when`(how: String) async throws {
        let fixture = try APIFixture()
        let start = fixture.clock.now()
        let value = try await fixture.issue("ingest", expiresAt: how == "expired" ? start + .hours(3) : nil)
        fixture.clock.advance(by: .hours(1))
        switch how {
        case "revoked": try await fixture.revoke("ingest")
        case "quarantined": try await fixture.quarantine("ingest")
        case "rotated":
            try await fixture.replace("ingest", until: fixture.clock.now())
            try await fixture.retire("ingest", version: 1)
        default: fixture.clock.advance(by: .hours(2))
        }
        let at = fixture.clock.now()
        fixture.clock.advance(by: .hours(5))
        for answer in [try await ask(fixture, value), try await rotate(fixture, value)] {
            #expect(answer.status == 401)
            #expect(answer.challenges.first?.contains(#"error="invalid_token""#) == true)
            let told = try answer.json()
            #expect(told["reason"]?.string == how)
            #expect(told["since"]?.string == at.description)
            #expect(told["token"]?["name"]?.string == "ingest")
            #expect(told["successor"]?["number"]?.integer == (how == "rotated" ? 2 : nil))
            #expect(told["token"]?["owner"] == nil)
        }
        #expect(fixture.uses.withLock { $0.map(\.outcome) } == [.refused, .refused])
    }

    @Test func `alone is told: anybody else learns nothing`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest", scopes: ["rota:admin"])
        let bare = try await fixture.send("GET", "/v1/self")
        #expect(bare.status == 401)
        // One with a typo, one that never was, another scheme.
        let mistyped = value.dropLast() + (value.hasSuffix("x") ? "y" : "x")
        for given in ["Bearer \(mistyped)", "Bearer nothing", "Digest x", "Bearer"] {
            for (method, path) in [("GET", "/v1/self"), ("POST", "/v1/self/rotate")] {
                let answer = try await fixture.send(method, path, [("Authorization", given)])
                #expect(answer.status == 401)
                #expect(answer.text == bare.text)
            }
        }
        #expect(fixture.uses.withLock { $0.isEmpty })
    }

    @Test func `may have it rotated, once, and is never told the new value`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let place = try await fixture.place("ingest", holding: value)
        let answer = try await rotate(fixture, value)
        #expect(answer.status == 200)
        #expect(try answer.json()["standing"]?.string == "replaced")
        let new = try #require(fixture.vault.value(at: place))
        #expect(new != value)
        #expect(!answer.text.contains(new))
        #expect(fixture.told.withLock { $0.contains { $0.hasPrefix("a rotation was asked for over HTTP") } })
        // Whoever did not get that answer asks again, with what he has.
        let again = try await rotate(fixture, value)
        #expect(again.status == 200)
        #expect(try again.json()["successor"]?["number"]?.integer == 2)
        #expect(fixture.vault.value(at: place) == new)
        let entry = try await fixture.store.read { store in
            var claim: AuditEntry?
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                if entry.action == "rotation.claim" { claim = entry }
                return true
            }
            return claim
        }
        #expect(entry?.actor == "token:ingest")
    }

    @Test func `who cannot have it rotated is told why, and nothing changes`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let answer = try await rotate(fixture, value)
        #expect(answer.status == 409)
        #expect(try answer.json()["reason"]?.string == "no-destination")
        #expect(try await ask(fixture, value).json()["standing"]?.string == "valid")
    }

    @Test func `asks again where the vault was down`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        _ = try await fixture.place("ingest", holding: value)
        fixture.vault.setHook { $0.operation == .probe ? .transient : nil }
        let answer = try await rotate(fixture, value)
        #expect(answer.status == 503)
        #expect(answer[header: "Retry-After"] != nil)
        // Which place it is, and what is wrong with it, is the operator's business.
        #expect(!answer.text.contains("connection refused"))
        #expect(fixture.told.withLock { $0.contains { $0.contains("connection refused") } })
        fixture.vault.setHook(nil)
        fixture.clock.advance(by: .minutes(1))
        #expect(try await rotate(fixture, value).status == 200)
    }

    @Test func `who asks in a loop has one attempt, and fewer and fewer`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        _ = try await fixture.place("ingest", holding: value)
        fixture.vault.setHook { $0.operation == .probe ? .transient : nil }
        var waits: [String] = []
        for _ in 1...8 {
            let answer = try await rotate(fixture, value)
            #expect(answer.status == 503)
            waits.append(answer[header: "Retry-After"] ?? "")
            let entries = try await fixture.claims()
            for _ in 1...5 { #expect(try await rotate(fixture, value).status == 503) }
            #expect(try await fixture.claims() == entries)
            fixture.clock.advance(by: TimeSpan(seconds: Int64(waits.last ?? "") ?? 0))
        }
        #expect(waits == ["60", "120", "240", "480", "960", "1920", "3600", "3600"])
        #expect(try await fixture.claims() == 8)
        #expect(fixture.told.withLock { $0.count { $0.hasPrefix("a rotation was asked") } } == 8)
    }

    @Test func `has no further value while an older one is accepted`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let place = try await fixture.place("ingest", holding: value)
        #expect(try await rotate(fixture, value).status == 200)
        let second = try #require(fixture.vault.value(at: place))
        fixture.clock.advance(by: .hours(20))
        let answer = try await rotate(fixture, second)
        #expect(answer.status == 409)
        #expect(try answer.json()["reason"]?.string == "in-overlap")
        #expect(answer[header: "Retry-After"] == "\(4 * 3600)")
        #expect(try await fixture.claims() == 1)
        // Nobody else is kept from it.
        #expect(fixture.vault.value(at: place) == second)
    }

    @Test func `has it rotated once, however many ask at the same time`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let place = try await fixture.place("ingest", holding: value)
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...20 { group.addTask { try await rotate(fixture, value).status } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(Set(answers).isSubset(of: [200, 202]))
        #expect(answers.contains(200))
        #expect(try await fixture.claims() == 1)
        #expect(fixture.vault.value(at: place) != value)
    }

    @Test func `gets the overlap of the rule that rotates his token`() async throws {
        let rules = [
            Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(6)),
            Rule(.maxAge(.days(30)), action: .notify, overlap: .hours(90)),
        ]
        let other = Policy(
            name: "b", selector: Selector(names: [Glob("other")]),
            rules: [Rule(.maxAge(.days(1)), action: .rotate, overlap: .hours(48))])
        let fixture = try APIFixture(policies: PolicySet([Policy(name: "a", rules: rules), other]))
        let value = try await fixture.issue("ingest")
        _ = try await fixture.place("ingest", holding: value)
        let told = try await rotate(fixture, value).json()
        #expect(told["version"]?["ends_at"]?.string == (fixture.clock.now() + .hours(6)).description)
    }

    @Test func `is told of a place that holds something else, and when to come back`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let place = try await fixture.place("ingest", holding: value)
        fixture.vault.foreignWrite("somebody's own", at: place)
        let answer = try await rotate(fixture, value)
        #expect(answer.status == 409)
        #expect(try answer.json()["reason"]?.string == "conflict")
        #expect(answer[header: "Retry-After"] == "60")
        #expect(fixture.vault.value(at: place) == "somebody's own")
        #expect(try await rotate(fixture, value).status == 503)
    }

    @Test func `is refused a rotation while nothing may be done`() async throws {
        let freeze = Freeze(reason: "release", actor: "cli:alice", begunAt: ManualClock().now(), endsAt: nil)
        let fixture = try APIFixture(brake: .frozen(freeze))
        let value = try await fixture.issue("ingest")
        let place = try await fixture.place("ingest", holding: value)
        let answer = try await rotate(fixture, value)
        #expect(answer.status == 503)
        #expect(answer.text.contains("frozen") && !answer.text.contains("release"))
        #expect(fixture.vault.value(at: place) == value)
    }
}
