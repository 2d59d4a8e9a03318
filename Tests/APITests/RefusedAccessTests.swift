import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Asking for a token of others is answered as asking for none, and those who audit find who did it.
struct `Asking for what is not yours` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    private func entries() async throws -> [AuditEntry] {
        try await fixture.refused.write(into: fixture.store)
        return try await fixture.store.read { store in
            var found: [AuditEntry] = []
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                if entry.action == RefusedAccess.action { found.append(entry) }
                return true
            }
            return found
        }
    }

    private func body(_ entry: AuditEntry) throws -> JSON {
        try JSON.parse(Array(entry.body.utf8), maximumBytes: 1 << 16)
    }

    @Test func `is told as what there is not, and written down afterwards`() async throws {
        let value = try await fixture.issue("ivy", scopes: [Role.issue], owner: "web")
        _ = try await fixture.issue("theirs", owner: "data")
        _ = try await fixture.issue("ours", owner: "web")
        let before = try await fixture.store.read { try $0.newestEntry() }
        let refused = try await fixture.ask("GET", "/v1/tokens/theirs", as: value)
        let unknown = try await fixture.ask("GET", "/v1/tokens/unknown", as: value)
        #expect(refused.status == 404 && refused.body == unknown.body)
        #expect(try await fixture.ask("GET", "/v1/tokens/ours", as: value).status == 200)
        // Nothing was written before the answer, nor is it by it.
        #expect(try await fixture.store.read { try $0.newestEntry() } == before)
        let found = try await entries()
        #expect(found.count == 1)
        let theirs = try #require(try await fixture.store.read { try $0.token(named: "theirs") })
        let ivy = try #require(try await fixture.store.read { try $0.token(named: "ivy") })
        let entry = try body(try #require(found.first))
        #expect(entry["object"]?.string == theirs.id.text && entry["actor"]?.string == "token:ivy")
        #expect(entry["after"]?["caller_id"]?.string == ivy.id.text && entry["after"]?["not_told"]?.integer == 0)
        #expect(entry["request"]?["id"]?.string == "r-1")
    }

    @Test func `a hundred times makes few entries, which tell how many there were`() async throws {
        let value = try await fixture.issue("ivy", scopes: [Role.issue], owner: "web")
        for number in 0..<40 { _ = try await fixture.issue("theirs-\(number)", owner: "data") }
        for _ in 0..<100 { _ = try await fixture.ask("GET", "/v1/tokens/theirs-0", as: value) }
        #expect(try await entries().count == 1)
        for number in 0..<40 { _ = try await fixture.ask("GET", "/v1/tokens/theirs-\(number)", as: value) }
        #expect(try await entries().count == RefusedAccesses.mostPerMinute)
        // The minute after there is room again, for what was not known yet; and the hour after for all.
        fixture.clock.advance(by: .minutes(1))
        _ = try await fixture.ask("GET", "/v1/tokens/theirs-0", as: value)
        #expect(try await entries().count == RefusedAccesses.mostPerMinute)
        _ = try await fixture.ask("GET", "/v1/tokens/theirs-39", as: value)
        #expect(try await entries().count == RefusedAccesses.mostPerMinute + 1)
        fixture.clock.advance(by: .hours(1))
        _ = try await fixture.ask("GET", "/v1/tokens/theirs-0", as: value)
        let found = try await entries()
        #expect(found.count == RefusedAccesses.mostPerMinute + 2)
        // None is lost: kept or counted.
        let untold = try found.reduce(0) { try $0 + (body($1)["after"]?["not_told"]?.integer ?? 0) }
        #expect(untold + Int64(found.count) == 100 + 40 + 3)
    }
}
