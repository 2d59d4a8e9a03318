import Addresses
import Crypto
import HTTPServer
import RotaCore
import TestSupport
import Testing

@testable import API

/// Values that are nobody's, from one address.
struct `Whoever comes with wrong values` {
    private static let peer = client("192.0.2.7")

    private static func client(_ address: String) -> Peer { IPAddress(address).map(Peer.address) ?? .unix }

    /// Everything that asks for a value of its own client.
    private static let routes = [
        "GET /v1/tokens", "GET /v1/self", "GET /metrics", "POST /v1/introspect", "POST /v1/revoke",
    ]

    private func send(
        _ fixture: APIFixture, _ route: String, _ value: String, from peer: Peer = peer,
        _ headers: [(name: String, value: String)] = []
    ) async throws -> Response {
        let (method, path) = (String(route.prefix { $0 != " " }), String(route.drop { $0 != " " }.dropFirst()))
        return try await fixture.send(
            method, path, [("Authorization", "Bearer \(value)")] + headers, form: method == "POST" ? "token=x" : nil,
            peer: peer)
    }

    @Test(arguments: routes)
    func `has to wait, and nobody else behind his address`(route: String) async throws {
        let fixture = try APIFixture()
        let good = try await fixture.issue("good", scopes: ["rota:admin"])
        let dead = try await fixture.issue("dead", scopes: ["rota:admin"])
        try await fixture.revoke("dead")
        let elsewhere = try await APIFixture().issue("elsewhere")
        for number in 0..<API.mostWrongValues {
            let wrong = number % 2 == 0 ? elsewhere : "mistyped"
            #expect(try await send(fixture, route, wrong).status == 401)
        }
        for wrong in [elsewhere, "mistyped"] {
            let answer = try await send(fixture, route, wrong)
            #expect(answer.status == 429)
            #expect(answer[header: "Retry-After"] == "60")
        }
        #expect(try await send(fixture, route, good).status == 200)
        // Who had it once has guessed nothing, and is told what has become of it.
        #expect(try await send(fixture, route, dead).status == 401)
        #expect(try await send(fixture, route, elsewhere, from: Self.client("192.0.2.8")).status == 401)
        fixture.clock.advance(by: .minutes(1))
        #expect(try await send(fixture, route, elsewhere).status == 401)
    }

    @Test func `has to wait before a file of his is taken, too`() async throws {
        let fixture = try APIFixture()
        let elsewhere = try await APIFixture().issue("elsewhere")
        let operates = try await fixture.issue("operates", scopes: ["rota:operate"])
        let good = try await fixture.issue("good", scopes: ["rota:admin"])
        func refusal(of value: String) throws -> Response? {
            let headers = Headers([("Authorization", "Bearer \(value)")])
            let target = try #require(Target("/v1/import"))
            return fixture.api.files.refusal(
                Request(id: "r", method: "POST", target: target, headers: headers, body: [], peer: Self.peer))
        }
        for _ in 0..<API.mostWrongValues { #expect(try refusal(of: elsewhere)?.status == 401) }
        #expect(try refusal(of: elsewhere)?.status == 429)
        #expect(try refusal(of: operates)?.status == 403)
        #expect(try refusal(of: good) == nil)
    }

    @Test func `brings no file while the store is not there`() throws {
        let fixture = try APIFixture(hasStore: false)
        let target = try #require(Target("/v1/import"))
        let request = Request(id: "r", method: "POST", target: target, headers: Headers(), body: [], peer: Self.peer)
        #expect(fixture.api.files.refusal(request)?.status == 503)
    }

    @Test func `is still known among ten thousand others, and costs no more then`() {
        let limit = GuessLimit(most: 2)
        let now = ManualClock().now()
        limit.fail("192.0.2.1", at: now)
        limit.fail("192.0.2.1", at: now)
        for number in 0..<15_000 { limit.fail("other-\(number)", at: now) }
        #expect(limit.wait(for: "192.0.2.1", at: now) == .minutes(1))
        limit.fail("192.0.2.1", at: now)
        for number in 15_000..<25_000 { limit.fail("other-\(number)", at: now) }
        #expect(limit.wait(for: "192.0.2.1", at: now) == .minutes(1))
        #expect(limit.wait(for: "192.0.2.1", at: now + .minutes(1)) == nil)
    }

    @Test func `is told apart by the address that a trusted proxy names`() async throws {
        let fixture = try APIFixture(trusting: ["192.0.2.7"])
        func status(of client: String) async throws -> Int {
            try await send(fixture, "GET /v1/self", "wrong", [("X-Forwarded-For", client)]).status
        }
        for _ in 0..<API.mostWrongValues { #expect(try await status(of: "198.51.100.1") == 401) }
        #expect(try await status(of: "198.51.100.1") == 429)
        #expect(try await status(of: "198.51.100.2") == 401)
        #expect(fixture.told.withLock { $0.filter { $0.contains("X-Forwarded-For") } }.isEmpty)
    }

    @Test func `is one with all who come through a proxy that names nobody, and the log is told once`() async throws {
        let fixture = try APIFixture(trusting: ["192.0.2.7"])
        for _ in 0..<API.mostWrongValues { #expect(try await send(fixture, "GET /v1/self", "wrong").status == 401) }
        #expect(try await send(fixture, "GET /v1/self", "wrong").status == 429)
        let told = fixture.told.withLock { $0.filter { $0.contains("X-Forwarded-For") } }
        #expect(told.count == 1)
        #expect(told.first?.contains("proxy=192.0.2.7") == true)
    }

    @Test func `is never more than unauthorized to a proxy, which knows of no other answer`() async throws {
        let fixture = try APIFixture()
        for _ in 0...API.mostWrongValues {
            #expect(try await send(fixture, "GET /v1/authorize", "wrong").status == 401)
        }
        #expect(try await send(fixture, "GET /v1/self", "wrong").status == 401)
    }
}
