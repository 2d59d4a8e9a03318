import Crypto
import HTTPServer
import Testing

/// Files that requests bring.
struct `A request that brings a file` {
    /// Says how long the file and the body were.
    private static func sizes(_ request: Request) -> Answer {
        .now(Response(200, body: Array("file \(request.file?.size ?? -1) body \(request.body.count)".utf8)))
    }

    private func use(
        most: Int = 1 << 20, atOnce: Int = 4, folder: SpoolFolder = SpoolFolder("/tmp"),
        refusal: @escaping @Sendable (Request) -> Response? = { _ in nil },
        observer: (@Sendable (Served) -> Void)? = nil, _ body: (RunningServer) async throws -> Void
    ) async throws {
        try await RunningServer.use(
            {
                $0.limits.fileBytes = most
                $0.limits.files = atOnce
                $0.observer = observer
                $0.files = FileReception(
                    folder: folder, isFor: { method, target in method == "POST" && target.hasPrefix("/file") },
                    refusal: refusal)
            }, answer: { Self.sizes($0) }, body)
    }

    private func post(_ path: String, _ count: Int) -> [UInt8] {
        Array("POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(count)\r\n\r\n".utf8)
            + [UInt8](repeating: 0x78, count: count)
    }

    @Test func `may be longer than any other, and is not held in memory`() async throws {
        try await use { server in
            let answer1 = try server.exchange(post("/file", 300_000)).text
            #expect(answer1.hasSuffix("file 300000 body 0"))
            let answer2 = try server.exchange(post("/file", 0)).text
            #expect(answer2.hasSuffix("file 0 body 0"))
            let answer3 = try server.exchange(post("/other", 3)).text
            #expect(answer3.hasSuffix("file -1 body 3"))
            let answer4 = try server.exchange(post("/other", 300_000)).text
            #expect(answer4.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `is refused where it is longer than a file may be`() async throws {
        try await use(most: 1000) { server in
            let answer5 = try server.exchange(post("/file", 1000)).text
            #expect(answer5.hasSuffix("file 1000 body 0"))
            let answer6 = try server.exchange(post("/file", 1001)).text
            #expect(answer6.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `is refused before its first byte by who may not bring one`() async throws {
        try await use(refusal: { request in
            request.headers["authorization"] == nil ? Response(401) : nil
        }) { server in
            // No byte of the file is ever sent.
            let head = "POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n"
            let answer = try server.exchange(Array("\(head)\r\n".utf8))
            #expect(answer.text.hasPrefix("HTTP/1.1 401 ") && answer.isClosed)
            #expect(server.seen.withLock { $0.isEmpty })
        }
    }

    @Test func `that is not taken is told of like any other request`() async throws {
        let told = Locked<[Served]>([])
        try await use(refusal: { _ in Response(401) }, observer: { served in told.withLock { $0.append(served) } }) {
            _ = try $0.exchange(post("/file?x=1", 10))
        }
        #expect(told.withLock { $0.map { "\($0.method) \($0.path) \($0.status)" } } == ["POST /file 401"])
    }

    @Test func `has no room where those before it have taken all`() async throws {
        let folder = SpoolFolder("/tmp", most: 1000)
        do {
            let first = try SpooledBody(in: folder)
            try first.write([UInt8](repeating: 0, count: 900))
            try await use(folder: folder) { server in
                let refused = try server.exchange(post("/file", 200)).text
                #expect(refused.hasPrefix("HTTP/1.1 507 "))
                let taken = try server.exchange(post("/file", 100)).text
                #expect(taken.hasSuffix("file 100 body 0"))
            }
            #expect(throws: SpooledBody.Failure.self) { try first.write([UInt8](repeating: 0, count: 200)) }
        }
        let second = try SpooledBody(in: folder)
        try second.write([UInt8](repeating: 0, count: 1000))
        #expect(second.size == 1000)
    }

    @Test func `is one of a few at a time`() async throws {
        try await use(atOnce: 1) { server in
            let first = try RawClient(port: server.port)
            let head = "POST /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n"
            first.send("\(head)Expect: 100-continue\r\n\r\n")
            // It is told to go on once it has its place.
            #expect(first.readAnswer()?.head == "HTTP/1.1 100 Continue")
            let refused = try server.exchange(post("/file", 1)).text
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            first.send("abcde")
            #expect(first.readToEnd().text.hasSuffix("file 5 body 0"))
            try await eventually { try server.exchange(post("/file", 1)).text.hasSuffix("file 1 body 0") }
        }
    }
}
