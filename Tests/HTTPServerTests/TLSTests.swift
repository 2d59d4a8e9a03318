import Crypto
import Glibc
import HTTPClient
import HTTPServer
import TestSupport
import Testing

// Both modules have a `Request`; here the client's is meant.
import struct HTTPClient.Request

/// A certificate for `localhost` of the `openssl` command's making.
private struct Certificate {
    static let isAvailable = access("/usr/bin/openssl", X_OK) == 0
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

@Suite(.enabled(if: Certificate.isAvailable)) struct `A server with TLS` {
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
