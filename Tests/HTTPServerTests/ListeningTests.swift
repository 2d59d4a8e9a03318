import Addresses
import Crypto
import Glibc
import HTTPServer
import TestSupport
import Testing

struct `An address to listen on` {
    @Test(arguments: ["127.0.0.1:8470", "[::1]:0", "0.0.0.0:65535", "unix:/run/rota/rota.sock"])
    func `is written as it is read`(text: String) {
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "8470", ":8470", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:08470", "127.0.0.1:+1",
        "localhost:8470", "::1:8470", "[127.0.0.1]:8470", "[::1]", "unix:", "*:8470",
        "unix:/" + String(repeating: "a", count: 107),
    ])
    func `is nothing else`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func `that is taken is refused with a hint`() async throws {
        try await RunningServer.use { server in
            let error = #expect(throws: ServerError.self) {
                try RunningServer({ $0.address = server.listener.address })
            }
            #expect(error?.message.hasPrefix("cannot listen on 127.0.0.1:\(server.port): ") == true)
            #expect(error?.hint != nil)
        }
    }
}

struct `A Unix socket` {
    private let folder: ScratchFolder
    private var path: String { folder.path + "/rota.sock" }
    private func at(_ path: String) -> (inout Listener.Configuration) -> Void { { $0.address = .unix(path: path) } }
    private func mode() -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    init() throws { folder = try ScratchFolder() }

    @Test func `is for its owner and his group, and goes with the server`() async throws {
        try await RunningServer.use(at(path)) { server in
            #expect(mode().map { $0 & 0o777 } == 0o660)
            let client = try RawClient(path: path)
            client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(client.readAnswer()?.body == "GET a 0")
            #expect(server.seen.withLock { $0.first?.peer } == .unix)
        }
        #expect(mode() == nil)
    }

    @Test func `that a dead process left is replaced`() async throws {
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(left)
        try await RunningServer.use(at(path)) { _ in #expect(throws: Never.self) { try RawClient(path: path) } }
    }

    @Test func `where another process listens, or that is none, is left alone`() async throws {
        try await RunningServer.use(at(path)) { _ in
            let error = #expect(throws: ServerError.self) { try RunningServer(at(path)) }
            #expect(error?.message.hasSuffix("another process listens there") == true)
            #expect(throws: Never.self) { try RawClient(path: path) }
        }
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        close(file)
        let error = #expect(throws: ServerError.self) { try RunningServer(at(path)) }
        #expect(error?.message.hasSuffix("another file is there") == true)
        #expect(mode().map { $0 & S_IFMT } == S_IFREG)
    }
}
