import Crypto
import Glibc
import HTTPServer
import Testing

struct `A stop` {
    @Test func `finishes what runs, and takes no more`() async throws {
        let isRunning = Locked(false)
        let mayEnd = Locked(false)
        // Whoever says nothing is not shut for it, however long this test waits for its turn.
        let server = try RunningServer({ $0.limits.requestMilliseconds = 3_600_000 }) { request in
            isRunning.withLock { $0 = true }
            while !mayEnd.withLock({ $0 }) { usleep(1000) }
            return .now(RunningServer.echo(request))
        }
        let busy = try RawClient(port: server.port)
        busy.send("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
        let idle = try RawClient(port: server.port)
        try await eventually { isRunning.withLock(\.self) && server.listener.connectionCount == 2 }
        async let stopped: Void = server.listener.stop(within: 20_000)
        // The stop needs a thread of the pool to begin: whoever waits for it must not hold one.
        try await eventually { (try? RawClient(port: server.port)) == nil }
        #expect(idle.readToEnd().isClosed)
        mayEnd.withLock { $0 = true }
        let (answer, isClosed) = busy.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("Connection: close"))
        #expect(isClosed)
        await stopped
        #expect(server.listener.connectionCount == 0)
    }

    @Test func `answers 503 for what does not end in time`() async throws {
        let waiting = Locked<[Responder]>([])
        let server = try RunningServer(answer: { _ in .later { respond in waiting.withLock { $0.append(respond) } } })
        let client = try RawClient(port: server.port)
        client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        while waiting.withLock({ $0.isEmpty }) { usleep(1000) }
        await server.listener.stop(within: 100)
        let (answer, isClosed) = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(isClosed)
        // Whoever had the answer may still come with it.
        waiting.withLock { $0.first }?(Response(200))
    }

    @Test func `may be asked for twice`() async throws {
        let server = try RunningServer()
        await server.listener.stop(within: 0)
        await server.listener.stop(within: 0)
    }
}

struct `A log of requests` {
    @Test func `has neither query nor header`() async throws {
        let seen = Locked<[Served]>([])
        try await RunningServer.use({ $0.observer = { served in seen.withLock { $0.append(served) } } }) { server in
            let client = try RawClient(port: server.port)
            client.send("GET /a%20b?token=secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            _ = client.readToEnd()
            while seen.withLock({ $0.isEmpty }) { usleep(1000) }
            let served = try #require(seen.withLock { $0.first })
            #expect(served.path == "/a%20b")
            #expect(served.method == "GET")
            #expect(served.status == 200)
            #expect(served.wasSent)
            #expect(!"\(served)".contains("secret"))
        }
    }
}
