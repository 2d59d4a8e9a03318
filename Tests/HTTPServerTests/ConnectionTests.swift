import Addresses
import Crypto
import Glibc
import HTTPServer
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

struct `A connection` {
    @Test func `carries one request after the other, sent at once or not`() async throws {
        try await RunningServer.use { server in
            let client = try RawClient(port: server.port)
            client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + get + get)
            #expect(client.readAnswer()?.body.hasPrefix("POST a 3") == true)
            let rest = try #require(client.readAnswer()?.body)
            #expect(rest.hasPrefix("GET a 0"))
            client.send("HEAD /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(client.readToEnd().isClosed)
            #expect(server.seen.withLock { $0.map(\.method) } == ["POST", "GET", "GET", "HEAD"])
            #expect(server.seen.withLock { Set($0.map(\.id)).count } == 4, "each has a name of its own")
        }
    }

    static let names: [(sent: String, answered: String?)] = [
        ("X-Request-Id: edge-7.A_b\r\n", "edge-7.A_b"), ("", nil), ("X-Request-Id: \r\n", nil),
        ("x-request-id: \(String(repeating: "a", count: 64))\r\n", String(repeating: "a", count: 64)),
        ("X-Request-Id: \(String(repeating: "a", count: 65))\r\n", nil), ("X-Request-Id: a b\r\n", nil),
        ("X-Request-Id: a\"b\r\n", nil), ("X-Request-Id: a=b\r\n", nil),
        ("X-Request-Id: a\r\nX-Request-Id: b\r\n", nil),
        ("X-Request-Id: rota_\(String(repeating: "a", count: 36))\r\n", nil),
    ]

    @Test(arguments: names)
    func `is answered with the name of each request, the proxy's where that can be one`(
        sent: String, answered: String?
    ) async throws {
        try await RunningServer.use { server in
            let client = try RawClient(port: server.port)
            client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(sent)\r\n")
            let answer = client.readToEnd().text
            let request = try #require(server.seen.withLock { $0.first })
            #expect(answered == nil || request.id == answered)
            #expect(answered != nil || request.id.hasSuffix("-1") && request.id.count == 18)
            #expect(answer.contains("\r\nX-Request-Id: \(request.id)\r\n"))
        }
    }

    @Test func `is answered with a name also where the request is refused, and never with one of another start`()
        async throws
    {
        var names: Set<String> = []
        for _ in 0..<2 {
            try await RunningServer.use { server in
                let answer = try server.exchange(Array("GET /a HTTP/1.1\r\nX-Request-Id: a\r\n\r\n".utf8)).text
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
                let line = try #require(answer.split(separator: "\r\n").first { $0.hasPrefix("X-Request-Id: ") })
                names.insert(String(line))
            }
        }
        #expect(names.count == 2)
    }

    @Test func `gives headers whole, whatever the case of their names`() async throws {
        try await RunningServer.use { server in
            let client = try RawClient(port: server.port)
            client.send("GET /a?b=%20 HTTP/1.1\r\nhOsT:x\r\nX-One:  a\tb \r\nX-Two:\r\nx-one: c\r\n\r\n")
            _ = client.readAnswer()
            let request = try #require(server.seen.withLock { $0.first })
            #expect(request.headers["host"] == "x")
            #expect(request.headers.all("x-one") == ["a\tb", "c"])
            #expect(request.headers["x-two"] == "")
            #expect(request.headers["x-three"] == nil)
            #expect(request.target.query == "b=%20")
            #expect(request.peer == .address(try #require(IPAddress("127.0.0.1"))))
        }
    }

    @Test func `is told to go on with a body, unless that is too large`() async throws {
        try await RunningServer.use { server in
            let client = try RawClient(port: server.port)
            client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(client.readAnswer()?.head.hasPrefix("HTTP/1.1 100 ") == true)
            client.send("abc")
            #expect(client.readAnswer()?.body == "POST a 3")
            client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
            let (answer, isClosed) = client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(isClosed)
        }
    }

    /// Sends a byte now and then; how it ended, and whether the server ended it.
    private func trickle(_ text: String, to client: RawClient) -> (text: String, isClosed: Bool) {
        for byte in text.utf8 {
            usleep(20_000)
            guard client.send([byte]) else { break }
        }
        return client.readToEnd()
    }

    @Test(arguments: [
        "GET /" + String(repeating: "a", count: 500), "GET /a HTTP/1.1\r\nHost: " + String(repeating: "x", count: 500),
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n" + String(repeating: "a", count: 400),
    ])
    func `that trickles is shut, however busy it is`(slow: String) async throws {
        try await RunningServer.use({ $0.limits.requestMilliseconds = 500 }) { server in
            let client = try RawClient(port: server.port)
            // The head at once where the body is what is slow.
            let parts = slow.split(separator: "\r\n\r\n", omittingEmptySubsequences: false)
            if parts.count == 2 { client.send(String(parts[0]) + "\r\n\r\n") }
            let (text, isClosed) = trickle(String(parts.last ?? ""), to: client)
            #expect(isClosed)
            #expect(text.isEmpty)
            #expect(server.seen.withLock { $0 }.isEmpty)
            #expect(try server.exchange(Array("GET /a HTTP/1.0\r\n\r\n".utf8)).text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `that says nothing is shut, before its first request and after it`() async throws {
        try await RunningServer.use({
            $0.limits.requestMilliseconds = 300; $0.limits.idleMilliseconds = 300
        }) { server in
            let silent = try RawClient(port: server.port)
            let idle = try RawClient(port: server.port)
            idle.send(get)
            #expect(idle.readAnswer() != nil)
            #expect(silent.readToEnd() == ("", true))
            #expect(idle.readToEnd() == ("", true))
        }
    }

    @Test func `that does not take its answer is shut`() async throws {
        let large = Response(200, body: [UInt8](repeating: 0x61, count: 32 << 20))
        try await RunningServer.use({ $0.limits.responseMilliseconds = 300 }, answer: { _ in .now(large) }) { server in
            let client = try RawClient(port: server.port)
            client.send(get)
            while server.seen.withLock({ $0.isEmpty }) || server.listener.connectionCount > 0 { usleep(10_000) }
            #expect(client.readToEnd().text.utf8.count < 32 << 20)
        }
    }

    @Test(arguments: [60_000, 300])
    func `that takes a long answer out of a file has the time of files`(milliseconds: Int) async throws {
        let body = try SpooledBody(in: SpoolFolder("/tmp"))
        for _ in 0..<32 { try body.write([UInt8](repeating: 0x61, count: 1 << 20)) }
        let memory = Response(200, body: [UInt8](repeating: 0x61, count: 32 << 20))
        var file = Response(200)
        file.spooled = body
        let answers = [memory, file]
        try await RunningServer.use(
            {
                $0.limits.responseMilliseconds = 300; $0.limits.fileMilliseconds = milliseconds
            }, answer: { .now(answers[$0.target.path == "/file" ? 1 : 0]) }
        ) { server in
            let (long, usual) = (try RawClient(port: server.port), try RawClient(port: server.port))
            long.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
            // Asked in this order, so that the long one has waited longer when the usual one is shut.
            waitUntil { server.seen.withLock(\.count) == 1 }
            usual.send(get)
            waitUntil { server.seen.withLock(\.count) == 2 }
            // Until the reaper has shut whoever is to be: how long that takes is the server's to say.
            waitUntil { server.listener.connectionCount <= (milliseconds > 300 ? 1 : 0) }
            #expect((long.readToEnd().text.utf8.count >= 32 << 20) == (milliseconds > 300))
        }
    }
}

struct `The number of connections` {
    private func limited(_ configuration: inout Listener.Configuration) {
        configuration.limits.connectionsPerAddress = 3
    }

    @Test func `is limited for each address`() async throws {
        try await RunningServer.use(limited) { server in
            let held = try (0..<3).map { _ in try RawClient(port: server.port, from: "127.0.0.2") }
            for client in held { client.send(get) }
            for client in held { #expect(client.readAnswer() != nil) }
            let further = try RawClient(port: server.port, from: "127.0.0.2")
            further.send(get)
            #expect(further.readToEnd() == ("", true))
            let other = try RawClient(port: server.port, from: "127.0.0.3")
            other.send(get)
            #expect(other.readAnswer() != nil)
        }
    }

    @Test func `of an address falls when one of its connections is closed`() async throws {
        try await RunningServer.use(limited) { server in
            for _ in 0..<20 {
                let client = try RawClient(port: server.port, from: "127.0.0.2")
                client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                #expect(client.readToEnd().text.hasPrefix("HTTP/1.1 200 "))
                waitUntil { server.listener.connectionCount == 0 }
            }
        }
    }

    @Test func `of a trusted proxy is not`() async throws {
        let proxies = [try CIDR("127.0.0.2")]
        try await RunningServer.use({
            limited(&$0)
            $0.trustedProxies = proxies
        }) { server in
            let held = try (0..<10).map { _ in try RawClient(port: server.port, from: "127.0.0.2") }
            for client in held { client.send(get) }
            for client in held { #expect(client.readAnswer() != nil) }
        }
    }

    @Test func `is limited in all, and who comes later is served when there is room`() async throws {
        try await RunningServer.use({
            $0.limits.connections = 4
            $0.threads = 1
        }) { server in
            var held = try (0..<4).map { _ in try RawClient(port: server.port) }
            for client in held { client.send(get) }
            for client in held { #expect(client.readAnswer() != nil) }
            let further = try RawClient(port: server.port)
            further.send(get)
            usleep(50_000)
            #expect(server.listener.connectionCount == 4)
            held.removeAll()
            #expect(further.readAnswer() != nil)
        }
    }
}

struct `An answer that comes later` {
    @Test func `keeps nobody else waiting`() async throws {
        let waiting = Locked<[Responder]>([])
        try await RunningServer.use(
            { $0.threads = 1 },
            answer: { request in
                guard request.target.path == "/later" else { return .now(RunningServer.echo(request)) }
                return .later { respond in waiting.withLock { $0.append(respond) } }
            }
        ) { server in
            let slow = try RawClient(port: server.port)
            slow.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
            while waiting.withLock({ $0.isEmpty }) { usleep(1000) }
            let other = try RawClient(port: server.port)
            other.send(get)
            #expect(other.readAnswer()?.body == "GET a 0")
            let respond = try #require(waiting.withLock { $0.first })
            // From this thread, which is none of the server's.
            respond(Response(201, body: Array("done".utf8)))
            respond(Response(500))
            let answer = slow.readAnswer()
            #expect(answer?.head.hasPrefix("HTTP/1.1 201 ") == true)
            #expect(answer?.body == "done")
            slow.send(get)
            #expect(slow.readAnswer()?.body == "GET a 0")
        }
    }

    @Test func `may come at once, and may find its client gone`() async throws {
        let waiting = Locked<[Responder]>([])
        try await RunningServer.use(answer: { request in
            .later { respond in
                if request.target.path == "/now" {
                    respond(Response(200))
                } else {
                    waiting.withLock { $0.append(respond) }
                }
            }
        }) { server in
            var gone: RawClient? = try RawClient(port: server.port)
            gone?.send(get)
            while waiting.withLock({ $0.isEmpty }) { usleep(1000) }
            gone = nil
            waiting.withLock { $0.first }?(Response(200))
            let client = try RawClient(port: server.port)
            client.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(client.readAnswer()?.head.hasPrefix("HTTP/1.1 200 ") == true)
        }
    }
}
