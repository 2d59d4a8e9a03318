import Addresses
import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import Testing

struct `Forward-auth` {
    @Test func `lets a request through and says whose it is`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("Töken 100%", scopes: ["a:read", "b"], owner: "team a")
        for (method, target) in [
            ("GET", "/v1/authorize"), ("DELETE", "/v1/authorize"), ("PUT", "/v1/authorize/orders/7?x=1"),
            ("GET", "/v1/authorize?scope=a:read"), ("GET", "/v1/authorize?scope=b+a%3Aread"),
        ] {
            let answer = try await fixture.send(method, target, [("Authorization", "bearer \(value)")])
            #expect(answer.status == 200, "\(method) \(target)")
            #expect(answer[header: "X-Rota-Token"] == "T%C3%B6ken 100%25")
            #expect(answer[header: "X-Rota-Owner"] == "team a")
            #expect(answer[header: "X-Rota-Scopes"] == "a:read b")
            #expect(answer[header: "X-Rota-Token-Id"]?.hasPrefix("tok_") == true)
            #expect(answer[header: "Cache-Control"] == "no-store")
        }
    }

    @Test func `refuses without a word about why`() async throws {
        let fixture = try APIFixture()
        let revoked = try await fixture.issue("revoked")
        try await fixture.revoke("revoked")
        let bare = try await fixture.send("GET", "/v1/authorize")
        #expect(bare.status == 401)
        #expect(bare.challenges == [#"Bearer realm="rota""#, #"Basic realm="rota", charset="UTF-8""#])
        for value in ["Bearer \(revoked)", "Bearer nothing", "Digest x", "Bearer"] {
            let answer = try await fixture.send("GET", "/v1/authorize", [("Authorization", value)])
            #expect(answer.status == 401)
            #expect(answer.challenges.first?.contains(#"error="invalid_token""#) == true)
            #expect(answer.text == bare.text)
        }
    }

    @Test func `forbids what the token has no scope for`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest", scopes: ["a:read"])
        let answer = try await fixture.send(
            "GET", "/v1/authorize?scope=a:read+a:write", [("Authorization", "Bearer \(value)")])
        #expect(answer.status == 403)
        #expect(answer.challenges.first?.contains(#"error="insufficient_scope""#) == true)
        #expect(answer.challenges.first?.contains(#"scope="a:read a:write""#) == true)
        let use = fixture.uses.withLock { $0.last }
        #expect(use?.outcome == .refused)
        #expect(use?.scopes == ["a:read", "a:write"])
    }

    /// Envoy puts the client's path and query behind its prefix, and keeps the method.
    static let behindPrefix = [
        "/orders/7", "/orders?scope=b", "/?scope=none", "/orders?scope=%zz", "/orders?scope=a&scope=b", "//x", "/",
        "/v1/authorize?scope=none", "/authorize-for/none/x", "/caf%C3%A9?x=%00",
    ]

    @Test(arguments: behindPrefix)
    func `what a client asks for decides nothing, and is not recorded, where a proxy puts it behind our path`(
        client: String
    ) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest", scopes: ["a:read", "b"])
        let authorization = [(name: "Authorization", value: "Bearer \(value)")]
        let any = try await fixture.send("POST", "/v1/authorize" + client, authorization)
        #expect(any.status == 200)
        #expect(fixture.uses.withLock { $0.last?.scopes } == [])
        for (prefix, status, scopes) in [
            ("/v1/authorize-for/a:read", 200, ["a:read"]), ("/v1/authorize-for/a%3Aread%20b", 200, ["a:read", "b"]),
            ("/v1/authorize-for/a:read;b", 200, ["a:read", "b"]), ("/v1/authorize-for/a:write", 403, ["a:write"]),
        ] {
            let answer = try await fixture.send("POST", prefix + client, authorization)
            #expect(answer.status == status, "\(prefix)")
            #expect(fixture.uses.withLock { $0.last?.scopes } == scopes)
        }
    }

    @Test func `Traefik asks with a fixed address, and tells of the request in headers`() async throws {
        let fixture = try APIFixture(trusting: ["10.0.0.0/24"])
        let value = try await fixture.issue("ingest", scopes: ["a:read"])
        let headers = [
            ("Authorization", "Bearer \(value)"), ("X-Forwarded-Method", "DELETE"), ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "shop.example"), ("X-Forwarded-Uri", "/v1/authorize?scope=none"),
            ("X-Forwarded-For", "198.51.100.1"), ("X-Rota-Scopes", "none"),
        ]
        let peer = try #require(IPAddress("10.0.0.5"))
        let answer = try await fixture.send("GET", "/v1/authorize?scope=a:read", headers, peer: .address(peer))
        #expect(answer.status == 200)
        let use = try #require(fixture.uses.withLock { $0.last })
        #expect(use.scopes == ["a:read"] && use.source == "198.51.100.1")
    }

    @Test(arguments: ["/a%22b/x", "/;/x", "//x", "/%0dX", ""])
    func `a prefix whose scopes cannot be read lets nothing through`(scopes: String) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest", scopes: ["a:read"])
        let answer = try? await fixture.send(
            "GET", "/v1/authorize-for" + scopes, [("Authorization", "Bearer \(value)")])
        #expect(answer?.status ?? 400 >= 400)
    }

    @Test(arguments: ["?scope=%zz", "?scope=a&scope=b", "?scope=a%22b", "?scope=%0d%0aX"])
    func `refuses a scope that could not be repeated in a header`(query: String) async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("ingest")
        let answer = try await fixture.send("GET", "/v1/authorize" + query, [("Authorization", "Bearer \(value)")])
        #expect(answer.status == 400)
    }

    /// Peer, X-Forwarded-For, and the address that is noted.
    static let origins: [(peer: String, forwarded: String?, noted: String?)] = [
        ("203.0.113.9", nil, "203.0.113.9"), ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"), ("10.0.0.5", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "198.51.100.1 , 10.0.0.6", "198.51.100.1"), ("10.0.0.5", "10.0.0.7, 10.0.0.6", "10.0.0.7"),
        ("10.0.0.5", "198.51.100.1, junk", nil), ("10.0.0.5", "junk, 10.0.0.6", "10.0.0.6"), ("10.0.0.5", nil, nil),
        ("10.0.0.5", "::ffff:198.51.100.1", "198.51.100.1"), ("unix", "198.51.100.1", "198.51.100.1"),
        ("unix", nil, nil),
    ]

    @Test(arguments: origins)
    func `believes trusted proxies only about where a request came from`(
        peer: String, forwarded: String?, noted: String?
    ) async throws {
        let fixture = try APIFixture(trusting: ["10.0.0.0/24"])
        let value = try await fixture.issue("ingest")
        let headers =
            [("Authorization", "Bearer \(value)"), ("User-Agent", "curl/8")]
            + (forwarded.map { [("X-Forwarded-For", $0)] } ?? [])
        let from = IPAddress(peer).map { Peer.address($0) } ?? .unix
        let answer = try await fixture.send("GET", "/v1/authorize", headers, peer: from)
        #expect(answer.status == 200)
        let use = fixture.uses.withLock { $0.last }
        #expect(use?.source == noted)
        #expect(use?.agent == "curl/8")
    }
}

struct `Health` {
    @Test func `is there while the process is, and readiness until it stops`() async throws {
        let ready = try APIFixture()
        #expect(try await ready.send("GET", "/healthz").status == 200)
        #expect(try await ready.send("HEAD", "/readyz").status == 200)
        let stopping = try APIFixture(isReady: false)
        #expect(try await stopping.send("GET", "/healthz").status == 200)
        #expect(try await stopping.send("GET", "/readyz").status == 503)
    }

    @Test func `nothing is answered by a store that is not in its place any more`() async throws {
        let fixture = try APIFixture(hasStore: false)
        let value = try await fixture.issue("admin", scopes: ["rota:admin"])
        let bearer = [(name: "Authorization", value: "Bearer \(value)")]
        for path in ["/v1/introspect", "/v1/revoke"] {
            let answer = try await fixture.send("POST", path, bearer, form: "token=\(value)")
            #expect(answer.status == 503)
            #expect(try answer.json()["error"]?.string == "temporarily_unavailable")
        }
        for path in ["/v1/authorize", "/v1/authorize/a", "/readyz"] {
            #expect(try await fixture.send("GET", path, bearer).status == 503)
        }
        #expect(try await fixture.store.read { try $0.token(named: "admin") }?.state == .active)
        #expect(try await fixture.send("GET", "/healthz").status == 200)
    }

    @Test func `other paths and methods are told apart`() async throws {
        let fixture = try APIFixture()
        #expect(try await fixture.send("GET", "/nothing").status == 404)
        #expect(try await fixture.send("GET", "/v1/introspect/").status == 404)
        let wrong = try await fixture.send("GET", "/v1/introspect")
        #expect(wrong.status == 405)
        #expect(wrong[header: "Allow"] == "POST")
        #expect(wrong[header: "Content-Type"] == "application/problem+json")
    }
}
