import Addresses
import Glibc
import Testing

@testable import HTTPClient

/// Waits, at most five seconds, for something that another thread does.
private func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(condition())
}

/// What a request fails with; a response is a failure of the test.
private func failure(_ client: HTTPClient, _ request: Request) async throws -> HTTPError {
    try await #require(throws: HTTPError.self) { _ = try await client.send(request) }
}

extension HTTPError {
    fileprivate var isNotSent: Bool { if case .notSent = self { true } else { false } }
    fileprivate var isUnknown: Bool { if case .unknownOutcome = self { true } else { false } }
    fileprivate var isTooLarge: Bool { if case .responseTooLarge = self { true } else { false } }
}

struct `A client` {
    private let client = HTTPClient(addressPolicy: .any)

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "LIST", "OPTIONS"])
    func `sends methods, headers and bodies intact`(method: String) async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        for count in method == "GET" ? [0] : [0, 1, 300_000, 1_500_000] {
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var request = Request(
                method: method, url: server.url + "/a/../b%20c?q=1&q=%2F",
                headers: [("X-Token", "s.123"), ("X-Empty", "")], body: body)
            request.maximumResponseBytes = count
            let response = try await client.send(request)
            #expect(response.status == 200 && response.body == body)
            let head = try #require(server.requests.last?.head)
            #expect(head.hasPrefix("\(method) /a/../b%20c?q=1&q=%2F HTTP/1.1\r\n"), "\(head)")
            #expect(head.contains("\r\nX-Token: s.123\r\n") && head.contains("\r\nX-Empty:"), "\(head)")
            for absent in ["Expect:", "Content-Type:", "Accept-Encoding:", "Cookie:", "Authorization:"] {
                #expect(!head.contains(absent), "\(head)")
            }
            #expect(head.contains("Content-Length: 0") == (count == 0 && method.hasPrefix("P")), "\(head)")
        }
    }

    @Test func `reads statuses, headers and the last of several heads`() async throws {
        let server = RawServer { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n")
            connection.write(
                "HTTP/1.1 404 Not Found\r\nRetry-After:  12 \r\nX-A: 1\r\nx-a: 2\r\n"
            )
            connection.write("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: t\r\n\r\n")
        }
        defer { server.stop() }
        let response = try await client.send(Request(url: server.url))
        #expect(response.status == 404 && response.body == Array("abc".utf8))
        #expect(response.header("retry-after") == "12" && response.header("X-A") == "1")
        #expect(response.header("link") == nil && response.header("x-trailer") == nil)
        #expect(response.headers.map(\.name) == ["Retry-After", "X-A", "x-a", "Transfer-Encoding"])
    }

    @Test func `takes the answer to HEAD without waiting for a body`() async throws {
        let server = RawServer { connection in
            while connection.read() != nil {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            }
        }
        defer { server.stop() }
        let response = try await client.send(Request(method: "HEAD", url: server.url))
        #expect(response.header("content-length") == "99" && response.body.isEmpty)
    }

    @Test func `sends two hundred requests at once over sixteen connections`() async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        let client = client
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                let body = Array("request \(number)".utf8)
                let request = Request(method: "POST", url: server.url, body: body)
                group.addTask { try await client.send(request).body == body }
            }
            for try await isIntact in group { #expect(isIntact) }
        }
        #expect(server.accepted <= 16 && server.requests.count == 200)
    }

    @Test func `never follows a redirect`() async throws {
        let server = RawServer { connection in
            while connection.read() != nil {
                connection.answer(status: "307 Temporary Redirect", headers: "Location: /elsewhere\r\n")
            }
        }
        defer { server.stop() }
        let response = try await client.send(Request(method: "POST", url: server.url, body: [1]))
        #expect(response.status == 307 && server.requests.count == 1)
    }

    @Test func `ignores a proxy in the environment`() async throws {
        let proxy = RawServer { $0.echo() }
        let server = RawServer { $0.echo() }
        defer {
            proxy.stop()
            server.stop()
        }
        for name in ["http_proxy", "ALL_PROXY", "HTTP_PROXY"] { setenv(name, proxy.url, 1) }
        defer { for name in ["http_proxy", "ALL_PROXY", "HTTP_PROXY"] { unsetenv(name) } }
        #expect(try await client.send(Request(url: server.url)).status == 200)
        #expect(proxy.accepted == 0 && server.accepted == 1)
    }

    @Test func `connects to a unix socket, but not under a policy for public addresses`() async throws {
        let path = "/tmp/rota-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let server = RawServer(unixSocket: path) { $0.echo() }
        defer {
            server.stop()
            unlink(path)
        }
        var request = Request(method: "PUT", url: "http://localhost/x", body: [7])
        request.unixSocket = path
        #expect(try await client.send(request).body == [7])
        let guarded = HTTPClient(addressPolicy: .publicOnly())
        #expect(try await failure(guarded, request).isNotSent)
        #expect(server.accepted == 1)
    }
}

struct `A client's failures` {
    private let client = HTTPClient(addressPolicy: .any)

    private func failure(
        timeout: Duration = .seconds(5), maximumBytes: Int = 1 << 20,
        _ serve: @escaping @Sendable (Connection) -> Void
    ) async throws -> HTTPError {
        let server = RawServer(serve: serve)
        defer { server.stop() }
        var request = Request(method: "PUT", url: server.url, body: [1, 2, 3])
        request.timeout = timeout
        request.maximumResponseBytes = maximumBytes
        return try await HTTPClientTests.failure(client, request)
    }

    @Test func `count a silent server as an unknown outcome, in time`() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let error = try await failure(timeout: .milliseconds(300)) { $0.hang() }
        #expect(error.isUnknown && !error.isSurelyUnsent, "\(error)")
        #expect((.milliseconds(290)...(.seconds(600))).contains(clock.now - start))
    }

    @Test func `count a body that trickles past the deadline as an unknown outcome`() async throws {
        let error = try await failure(timeout: .milliseconds(500)) { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while connection.write("x") { usleep(20_000) }
        }
        #expect(error.isUnknown, "\(error)")
    }

    @Test func `count a peer that says next to nothing for too long as an unknown outcome`() async throws {
        let server = RawServer { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            // The server's own pace, five bytes a second where ten are too few; the test itself waits for nothing.
            while connection.write("x") { usleep(200_000) }
        }
        defer { server.stop() }
        var request = Request(url: server.url)
        request.timeout = .seconds(600)
        request.longestSilence = .seconds(1)
        let error = try await HTTPClientTests.failure(client, request)
        #expect(error.isUnknown && "\(error)".contains("too slow"), "\(error)")
    }

    @Test func `count a refused connection as not sent`() async throws {
        let server = RawServer { $0.echo() }
        server.stop()
        let error = try await HTTPClientTests.failure(
            client, Request(method: "PUT", url: server.url, body: [1]))
        #expect(error.isNotSent && error.isSurelyUnsent, "\(error)")
    }

    @Test func `count a name that does not resolve as not sent`() async throws {
        let error = try await HTTPClientTests.failure(client, Request(url: "http://no-such-host.invalid/"))
        #expect(error.isNotSent, "\(error)")
    }

    @Test func `count a server that speaks no TLS as not sent`() async throws {
        let server = RawServer { $0.write("nonsense\r\n") }
        defer { server.stop() }
        let url = "https://127.0.0.1:\(server.port)/"
        let error = try await HTTPClientTests.failure(client, Request(url: url))
        #expect(error.isNotSent, "\(error)")
    }

    @Test func `count a missing authority file as not sent`() async throws {
        let server = RawServer { $0.hang() }
        defer { server.stop() }
        var request = Request(url: "https://127.0.0.1:\(server.port)/")
        request.certificateAuthorityFile = "/nonexistent/authority.pem"
        #expect(try await HTTPClientTests.failure(client, request).isNotSent)
    }

    @Test func `count a reset after the request as an unknown outcome`() async throws {
        let error = try await failure { connection in
            _ = connection.read()
            connection.resetOnClose()
        }
        #expect(error.isUnknown, "\(error)")
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    ])
    func `count an empty, broken or truncated reply as an unknown outcome`(reply: String) async throws {
        let error = try await failure { connection in
            _ = connection.read()
            connection.write(reply)
        }
        #expect(error.isUnknown, "\(error)")
    }

    @Test func `cut an endless body`() async throws {
        let error = try await failure(maximumBytes: 100_000) { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write([UInt8](repeating: 0x78, count: 65_536)) {}
        }
        #expect(error == .responseTooLarge("the body has more than 100000 bytes"))
    }

    @Test func `write a body into a file as it comes, and a refusal into none`() async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        let path = "/tmp/rota-body-\(UInt64.random(in: 0 ... .max))"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        unlink(path)
        defer { close(file) }
        var request = Request(method: "PUT", url: server.url, body: [UInt8](repeating: 0x61, count: 1_500_000))
        request.maximumResponseBytes = .max
        request.bodyFile = file
        #expect(try await client.send(request).body.isEmpty)
        #expect(lseek(file, 0, SEEK_END) == 1_500_000)
        let refusing = RawServer { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 409 No\r\nContent-Length: 2\r\n\r\nno")
        }
        defer { refusing.stop() }
        request.url = refusing.url
        #expect(try await client.send(request).body == Array("no".utf8))
        #expect(lseek(file, 0, SEEK_END) == 1_500_000)
        // There is no room there.
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        (request.url, request.bodyFile) = (server.url, full)
        let error = try await HTTPClientTests.failure(client, request)
        #expect(error == .responseLost("No space left on device"))
    }

    @Test func `leave a body of just the limit alone`() async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        var request = Request(method: "PUT", url: server.url, body: [1, 2, 3])
        request.maximumResponseBytes = 3
        #expect(try await client.send(request).body.count == 3)
        request.maximumResponseBytes = 2
        #expect(try await HTTPClientTests.failure(client, request).isTooLarge)
    }

    @Test(arguments: [
        String(repeating: "X: x\r\n", count: 300),
        String(repeating: "X: " + String(repeating: "x", count: 1000) + "\r\n", count: 1000),
    ])
    func `cut a header that is too large or has too many lines`(header: String) async throws {
        let error = try await failure { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 200 OK\r\n" + header + "Content-Length: 0\r\n\r\n")
        }
        #expect(error.isTooLarge, "\(error)")
    }

    @Test func `count a mebibyte in one header line, which libcurl cuts, as an unknown outcome`() async throws {
        let error = try await failure { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n")
        }
        #expect(error == .unknownOutcome("a header line of the reply is over 100 KiB"))
    }

    @Test func `leave out a pooled connection that the server has closed`() async throws {
        let server = RawServer { connection in
            _ = connection.read()
            connection.answer()
        }
        defer { server.stop() }
        for _ in 0..<20 { #expect(try await client.send(Request(url: server.url)).status == 200) }
        #expect(server.requests.count == 20)
    }

    @Test func `count a refused second try of a sent request as an unknown outcome`() async throws {
        let server = RawServer { connection in
            _ = connection.read()
            connection.answer()
            _ = connection.read()
            connection.refuseOthers()
            connection.resetOnClose()
        }
        defer { server.stop() }
        let request = Request(method: "PUT", url: server.url, body: [1])
        #expect(try await client.send(request).status == 200)
        let error = try await HTTPClientTests.failure(client, request)
        #expect(error.isUnknown && server.requests.count == 2, "\(error)")
    }

    @Test func `count a request that waits its deadline out for a connection as not sent`() async throws {
        let client = HTTPClient(addressPolicy: .any, maximumConnectionsPerHost: 1)
        let server = RawServer { $0.hang() }
        defer { server.stop() }
        var patient = Request(url: server.url)
        patient.timeout = .seconds(2)
        var hasty = patient
        hasty.timeout = .milliseconds(200)
        async let first = HTTPClientTests.failure(client, patient)
        try await eventually { server.accepted == 1 }
        #expect(try await HTTPClientTests.failure(client, hasty).isNotSent)
        #expect(try await first.isUnknown && server.accepted == 1)
    }

    @Test func `count one request too many as not sent`() async throws {
        let client = HTTPClient(addressPolicy: .any, maximumRequests: 1)
        let server = RawServer { $0.hang() }
        defer { server.stop() }
        var request = Request(url: server.url)
        request.timeout = .seconds(1)
        async let first = HTTPClientTests.failure(client, request)
        try await eventually { server.accepted == 1 }
        #expect(try await HTTPClientTests.failure(client, request).isNotSent)
        #expect(try await first.isUnknown)
    }
}

struct `A client's end` {
    @Test func `of a cancelled task comes at once and spares the others`() async throws {
        let client = HTTPClient(addressPolicy: .any)
        let silent = RawServer { $0.hang() }
        let server = RawServer { $0.echo() }
        defer {
            silent.stop()
            server.stop()
        }
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: HTTPError.self) { group in
            for _ in 0..<8 { group.addTask { try await failure(client, Request(url: silent.url)) } }
            try await eventually { silent.accepted == 8 }
            group.cancelAll()
            for try await error in group { #expect(error == .cancelled) }
        }
        #expect(clock.now - start < .seconds(600))
        #expect(try await client.send(Request(url: server.url)).status == 200)
    }

    @Test func `of a task that was cancelled before is no connection`() async throws {
        let client = HTTPClient(addressPolicy: .any)
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        try await withThrowingTaskGroup(of: HTTPError.self) { group in
            group.cancelAll()
            group.addTask { try await failure(client, Request(url: server.url)) }
            for try await error in group { #expect(error == .cancelled) }
        }
        #expect(server.accepted == 0)
    }

    @Test func `by shutdown fails what is in flight and all that comes later`() async throws {
        let client = HTTPClient(addressPolicy: .any)
        let server = RawServer { $0.hang() }
        defer { server.stop() }
        try await withThrowingTaskGroup(of: HTTPError.self) { group in
            for _ in 0..<40 { group.addTask { try await failure(client, Request(url: server.url)) } }
            try await eventually { server.accepted == 16 }
            client.shutdown()
            for try await error in group { #expect(error == .shutDown) }
        }
        client.shutdown()
        #expect(try await failure(client, Request(url: server.url)) == .shutDown)
    }

    @Test func `comes with its last reference, many times over`() async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        for _ in 0..<50 {
            let client = HTTPClient(addressPolicy: .any)
            #expect(try await client.send(Request(url: server.url)).status == 200)
        }
    }
}

struct `A guarded client` {
    static let spellings = [
        "127.0.0.1", "localhost", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "203.0.113.7", "[fe80::1]",
        "[fd00::1]",
    ]

    @Test(arguments: spellings)
    func `refuses the address in every spelling`(host: String) async throws {
        let client = HTTPClient(addressPolicy: .publicOnly())
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        let error = try await failure(client, Request(url: "http://\(host):\(server.port)/"))
        guard case .notSent(let reason) = error else { throw error }
        #expect(reason.contains("is not allowed"), "\(reason)")
        #expect(server.accepted == 0)
    }

    @Test(arguments: ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]"])
    func `takes the address that its list allows, whatever the name`(host: String) async throws {
        let client = HTTPClient(addressPolicy: .publicOnly(allowing: [try CIDR("127.0.0.1")]))
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        #expect(try await client.send(Request(url: "http://\(host):\(server.port)/")).status == 200)
    }

    @Test func `for vaults refuses the metadata address`() async throws {
        let error = try await failure(
            HTTPClient(addressPolicy: .any), Request(url: "http://169.254.169.254/latest/meta-data/"))
        #expect(error == .notSent("address 169.254.169.254 is not allowed"))
    }
}
