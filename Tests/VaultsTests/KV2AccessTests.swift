import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing
import Vaults

/// Whether a login may write is asked before anything is armed, and seldom.
@Suite struct KV2AccessTests {
    private let clock = ManualClock()

    private func vault(at address: String, token: Secret = Secret(utf8: "s.x"), mount: String = "secret")
        throws -> KV2Vault
    {
        try KV2Vault(
            KV2Configuration(name: "main", address: address, mount: mount),
            authentication: .given(token), client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    private func place(_ path: String) -> Destination { Destination(vault: "main", path: path) }

    /// A server that allows what is below `free/`, and denies writes to all else.
    private func server() throws -> StubServer {
        try StubServer { request in
            let isFree = request.contains("free/")
            if request.contains("capabilities-self") {
                let rights = isFree ? #""read","update""# : #""read""#
                return .status("200 OK", #"{"data":{"capabilities":[\#(rights)]}}"#)
            }
            if request.hasPrefix("GET") {
                return .status("200 OK", #"{"data":{"data":{"value":"old"},"metadata":{"version":3}}}"#)
            }
            return isFree
                ? .status("200 OK", #"{"data":{"version":4}}"#)
                : .status("403 Forbidden", #"{"errors":["permission denied"]}"#)
        }
    }

    private func questions(_ server: StubServer) -> Int {
        server.requests.count { $0.contains("capabilities-self") }
    }

    @Test func `while all is well one question is asked for many secrets, and another one a minute later`()
        async throws
    {
        let server = try server()
        let vault = try vault(at: server.address)
        try await withThrowingTaskGroup { group in
            for number in 0..<40 { group.addTask { try await vault.requireWritable(place("free/\(number)")) } }
            try await group.waitForAll()
        }
        #expect(questions(server) == 1)
        clock.advance(by: TimeSpan(seconds: 60))
        try await vault.requireWritable(place("free/x"))
        #expect(questions(server) == 2)
    }

    @Test func `once a secret is denied each is asked about by itself`() async throws {
        let server = try server()
        let vault = try vault(at: server.address)
        var refused: [String] = []
        for path in ["locked/a", "free/b", "locked/c", "free/d"] {
            do throws(VaultError) {
                try await vault.requireWritable(place(path))
            } catch {
                refused.append("\(path) \(error.kind)")
            }
        }
        #expect(refused == ["locked/a denied", "locked/c denied"])
        #expect(questions(server) == 4)
    }

    @Test func `a write that is denied is a reason to ask`() async throws {
        let server = try server()
        let vault = try vault(at: server.address)
        try await vault.requireWritable(place("free/a"))
        try await vault.requireWritable(place("locked/a"))
        let seen = try await vault.probe(place("locked/a"))
        await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "new"), to: place("locked/a"), over: seen)
        }
        await #expect(throws: VaultError.self) { try await vault.requireWritable(place("locked/b")) }
        try await vault.requireWritable(place("free/b"))
    }

    @Test(arguments: ["403 Forbidden", "404 Not Found", "500 Internal Server Error", "200 OK"])
    func `what the server does not tell is left to the write`(_ status: String) async throws {
        let server = try StubServer { _ in .status(status, #"{"errors":[]}"#) }
        try await vault(at: server.address).requireWritable(place("a"))
    }

    @Test func `a real server tells it, also of a path with blanks`() async throws {
        let bao = try OpenBao.shared()
        let name = "reader-" + Hex.encode(Random.bytes(4))
        let rule =
            #"path \"secret/data/*\" { capabilities = [\"read\"] } path \"secret/data/free/*\" "#
            + #"{ capabilities = [\"create\", \"read\"] }"#
        try await bao.ask("PUT", "sys/policies/acl/\(name)", "{\"policy\":\"\(rule)\"}")
        let made = try await bao.ask("POST", "auth/token/create", "{\"policies\":[\"\(name)\"]}")
        let token = try #require(made?["auth"]?["client_token"]?.string)
        let reader = try vault(at: bao.address, token: Secret(utf8: token))
        let error = await #expect(throws: VaultError.self) { try await reader.requireWritable(place("a b/c")) }
        #expect(error?.kind == .denied)
        try await reader.requireWritable(place("free/a b"))
        try await vault(at: bao.address, token: bao.rootToken).requireWritable(place("a b/c"))
    }
}
