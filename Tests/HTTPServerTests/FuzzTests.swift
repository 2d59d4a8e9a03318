import Crypto
import HTTPServer
import Testing

struct `Bytes that nobody would send` {
    private static let bodies = [
        "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\nX: y\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nabcde"
            + "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    ]
    /// What parsers stumble over.
    private static let pieces = [
        "\r", "\n", "\r\n", "\u{0}", " ", "\t", ":", "%00", "%", "?", "\r\n ", "Content-Length: 3\r\n", "Host: y\r\n",
        "Transfer-Encoding: chunked\r\n", "HTTP/1.1", "\u{7f}", "/", "=", "&",
    ]

    private func mutate(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: place)
            default: bytes.insert(contentsOf: bytes[..<min(place, bytes.count)].suffix(7), at: place)
            }
        }
        return bytes
    }

    @Test func `never stop the server, and what gets through is well-formed`() async throws {
        try await RunningServer.use({
            $0.limits.requestMilliseconds = 200; $0.limits.idleMilliseconds = 200
        }) { server in
            var random = SplitMix(state: 20_261_124)
            for round in 0..<3000 {
                let bytes = mutate(Array(Self.bodies[round % 3].utf8), &random)
                let client = try RawClient(port: server.port)
                client.send(bytes)
                // Most are not waited for: what matters is that the server lives.
                if round % 100 == 0 { #expect(client.readToEnd().isClosed, "round \(round)") }
            }
            for request in server.seen.withLock({ $0 }) {
                #expect(!request.headers.contains("transfer-encoding"))
                #expect(request.headers.all("host").count <= 1 && request.headers.all("content-length").count <= 1)
                #expect(request.body.count == Int(request.headers["content-length"] ?? "0"))
                #expect(!request.target.segments.contains { $0.utf8.contains { $0 < 0x20 } })
            }
            #expect(try server.exchange(Array("GET /end HTTP/1.0\r\n\r\n".utf8)).text.hasPrefix("HTTP/1.1 200 "))
        }
    }
}

/// The same numbers each time, so that a failure can be seen again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
