import Glibc
import Testing

@testable import HTTPClient

/// A TLS server of the `openssl` command, which `make deps` installs, with a certificate for `localhost` of its own.
private final class TLSServer {
    private let folder: String
    private let port: UInt16
    private let process: pid_t

    init(arguments: [String] = []) throws {
        folder = "/tmp/rota-tls-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try #require(mkdir(folder, 0o700) == 0)
        // A port that was free a moment ago.
        let probe = RawServer { _ in }
        port = probe.port
        probe.stop()
        let certificate = ["-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem", "-days", "2"]
        let make = try Self.start(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"] + certificate
                + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        var status: Int32 = 0
        try #require(waitpid(make, &status, 0) == make && status == 0)
        process = try Self.start(
            ["s_server", "-accept", "127.0.0.1:\(port)", "-www", "-cert", folder + "/certificate.pem"]
                + ["-key", folder + "/key.pem", "-CAfile", folder + "/certificate.pem"] + arguments)
    }

    deinit {
        // Not SIGTERM: a child inherits that the threads of the test's pool mask it.
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        for name in ["key.pem", "certificate.pem"] { unlink(path(name)) }
        rmdir(folder)
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Sends until the server has come up: a refused connection is the only failure that is tried again.
    func get(
        host: String = "localhost", _ change: (inout Request) -> Void = { _ in }
    ) async throws -> Result<Int, HTTPError> {
        let client = HTTPClient(addressPolicy: .any)
        var request = Request(url: "https://\(host):\(port)/")
        change(&request)
        for _ in 0..<500 {
            do throws(HTTPError) {
                return .success(try await client.send(request).status)
            } catch {
                guard case .notSent(let reason) = error, reason.contains("connect to \(host)") else {
                    return .failure(error)
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return .failure(.invalidRequest("the server never came up"))
    }

    private static func start(_ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        try #require(posix_spawn(&process, "/usr/bin/openssl", &actions, nil, &words, nil) == 0)
        return process
    }
}

@Suite struct `A client over TLS` {
    /// Says in its failure what came instead.
    private func expectNotSent(_ result: Result<Int, HTTPError>) {
        if case .failure(.notSent) = result { return }
        Issue.record("not a request that was not sent: \(result)")
    }

    @Test func `trusts the authority that it is given, for the right name only`() async throws {
        let server = try TLSServer()
        let authority = server.path("certificate.pem")
        #expect(try await server.get { $0.certificateAuthorityFile = authority } == .success(200))
        expectNotSent(try await server.get())
        expectNotSent(try await server.get(host: "127.0.0.1") { $0.certificateAuthorityFile = authority })
    }

    @Test func `refuses versions before 1.2`() async throws {
        let server = try TLSServer(arguments: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        expectNotSent(try await server.get { $0.certificateAuthorityFile = server.path("certificate.pem") })
    }

    @Test func `shows its certificate where the server asks for one`() async throws {
        let server = try TLSServer(arguments: ["-Verify", "1"])
        let authority = server.path("certificate.pem")
        let shown = try await server.get {
            $0.certificateAuthorityFile = authority
            $0.clientCertificate = .init(certificateFile: authority, keyFile: server.path("key.pem"))
        }
        #expect(shown == .success(200))
        let bare = try await server.get { $0.certificateAuthorityFile = authority }
        #expect(throws: HTTPError.self) { try bare.get() }
    }
}
