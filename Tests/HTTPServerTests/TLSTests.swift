import Crypto
import Glibc
import HTTPClient
import HTTPServer
import TestSupport
import Testing

// Both modules have a `Request`; here the client's is meant.
import struct HTTPClient.Request

/// A certificate for `localhost` of the `openssl` command's making, which `make deps` installs.
private struct Certificate {
    let folder: ScratchFolder
    var file: String { folder.path + "/certificate.pem" }

    init() throws {
        folder = try ScratchFolder()
        let status = try ChildProcess(
            ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                + ["-keyout", folder.path + "/key.pem", "-out", file, "-days", "2", "-subj", "/CN=localhost"]
                + ["-addext", "subjectAltName=DNS:localhost"], environment: [], output: "/dev/null"
        ).waitForExit()
        try #require(status == 0)
    }

    func tls(key: String? = nil) throws -> Listener.TLS {
        Listener.TLS(
            certificate: try contents(file), key: Secret(copying: try contents(key ?? folder.path + "/key.pem")))
    }

    private func contents(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        try #require(count > 0)
        return Array(bytes[..<count])
    }
}

@Suite struct `A server with TLS` {
    @Test func `serves whoever trusts its certificate`() async throws {
        let certificate = try Certificate()
        let tls = try certificate.tls()
        try await RunningServer.use({ $0.tls = tls }) { server in
            let client = HTTPClient(addressPolicy: .any)
            var request = Request(url: "https://localhost:\(server.port)/a")
            request.certificateAuthorityFile = certificate.file
            let response = try await client.send(request)
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == "GET a 0")
        }
    }

    @Test func `goes on with another certificate, and cuts nobody off`() async throws {
        let (old, new) = (try Certificate(), try Certificate())
        let tls = try old.tls()
        let (isRunning, mayEnd) = (Locked(false), Locked(false))
        try await RunningServer.use(
            { $0.tls = tls },
            answer: { request in
                if request.target.path == "/busy" {
                    isRunning.withLock { $0 = true }
                    // Holds a thread of the listener, as a slow answer does; a test that fails lets it go, too.
                    for _ in 0..<20_000 where !mayEnd.withLock(\.self) { usleep(1000) }
                }
                return .now(RunningServer.echo(request))
            }
        ) { server in
            @Sendable func get(_ path: String, trusting certificate: Certificate) async throws -> Int {
                var request = Request(url: "https://localhost:\(server.port)/\(path)")
                request.certificateAuthorityFile = certificate.file
                return try await HTTPClient(addressPolicy: .any).send(request).status
            }
            async let busy = get("busy", trusting: old)
            try await eventually { isRunning.withLock(\.self) }
            #expect(try server.listener.renew(tls) == false, "the same one")
            #expect(try server.listener.renew(try new.tls()))
            var tries = 0
            while tries < 500, (try? await get("a", trusting: old)) != nil { tries += 1 }
            #expect(tries < 500, "the old one is not shown any more")
            for _ in 0..<20 { #expect((try? await get("a", trusting: new)) == 200) }
            mayEnd.withLock { $0 = true }
            #expect(try await busy == 200)
            // Whom the first one served are gone: so is it, and the next stop has nothing of it to wait for.
            try await eventually { server.listener.connectionCount == 0 }
            var wrong = try new.tls()
            wrong.key = tls.key
            #expect(throws: ServerError.self) { try server.listener.renew(wrong) }
            #expect(try await get("a", trusting: new) == 200)
        }
    }

    @Test func `does not hold who never finishes the handshake`() async throws {
        let tls = try Certificate().tls()
        try await RunningServer.use({
            $0.tls = tls; $0.limits.requestMilliseconds = 300
        }) { server in
            let client = try RawClient(port: server.port)
            client.send([0x16, 0x03, 0x01])
            #expect(client.readToEnd() == ("", true))
        }
    }

    @Test func `does not start with a key that is not the certificate's`() throws {
        let other = try Certificate()
        var tls = try Certificate().tls()
        tls.key = try other.tls().key
        let wrong = tls
        let error = #expect(throws: ServerError.self) { try RunningServer({ $0.tls = wrong }) }
        #expect(error?.message == "the HTTP server does not start with this certificate and key")
    }
}
