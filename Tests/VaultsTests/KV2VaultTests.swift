import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing
import Vaults

/// What the server may say or leave unsaid, told apart as the rotation protocol needs it.
@Suite struct KV2VaultTests {
    let place = Destination(vault: "main", path: "app/db")
    let clock = ManualClock()

    struct Answer: Sendable, CustomTestStringConvertible {
        var name: String
        var answer: StubServer.Answer
        var read: VaultError.Kind
        var write: VaultError.Kind
        var testDescription: String { name }
    }

    static let answers: [Answer] = [
        Answer(
            name: "403", answer: .status("403 Forbidden", #"{"errors":["permission denied"]}"#),
            read: .denied,
            write: .denied),
        Answer(
            name: "404 of a mount that does not exist",
            answer: .status("404 Not Found", #"{"errors":["no handler for route"]}"#), read: .missing,
            write: .missing),
        Answer(
            name: "404 of another server", answer: .status("404 Not Found", "<html>"), read: .garbled,
            write: .garbled),
        Answer(
            name: "400 check-and-set",
            answer: .status("400 Bad Request", #"{"errors":["check-and-set parameter did not match"]}"#),
            read: .refused, write: .refused),
        Answer(
            name: "400", answer: .status("400 Bad Request", #"{"errors":["invalid"]}"#), read: .rejected,
            write: .rejected),
        Answer(name: "413", answer: .status("413 Too Large", ""), read: .rejected, write: .rejected),
        Answer(
            name: "429", answer: .status("429 Too Many Requests", "{}", headers: ["Retry-After: 7"]),
            read: .transient, write: .transient),
        Answer(
            name: "503 sealed",
            answer: .status("503 Service Unavailable", #"{"errors":["Vault is sealed"]}"#),
            read: .transient, write: .transient),
        Answer(
            name: "500", answer: .status("500 Internal Server Error", #"{"errors":["oops"]}"#),
            read: .transient,
            write: .unknownOutcome),
        Answer(
            name: "502 of a proxy", answer: .status("502 Bad Gateway", "<html>"), read: .transient,
            write: .unknownOutcome),
        Answer(
            name: "HTML with 200", answer: .status("200 OK", "<html>hello</html>"), read: .garbled,
            write: .unknownOutcome),
        Answer(
            name: "JSON of something else", answer: .status("200 OK", #"{"data":{"data":{}}}"#),
            read: .garbled, write: .unknownOutcome),
        Answer(
            name: "204, as KV version 1 says", answer: .status("204 No Content", ""), read: .garbled,
            write: .unknownOutcome),
        Answer(
            name: "a truncated answer",
            answer: .bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"data\":".utf8)),
            read: .transient,
            write: .unknownOutcome),
        Answer(
            name: "a huge answer",
            answer: .status("200 OK", String(repeating: " ", count: (1 << 20) + 1)), read: .garbled,
            write: .unknownOutcome),
        Answer(name: "no answer", answer: .nothing, read: .transient, write: .unknownOutcome),
        Answer(
            name: "no HTTP", answer: .bytes(Array("hello\r\n\r\n".utf8)), read: .transient,
            write: .unknownOutcome),
    ]

    private func vault(at address: String, token: String = "s.credential", timeout: Duration = .seconds(10))
        throws -> KV2Vault
    {
        try KV2Vault(
            KV2Configuration(name: "main", address: address, timeout: timeout),
            authentication: .given(Secret(utf8: token)),
            client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    /// An observation as a real read gives it, from a server that holds one field at version 3.
    private func observation() async throws -> Observation {
        let server = try StubServer { _ in
            .status("200 OK", #"{"data":{"data":{"value":"old"},"metadata":{"version":3}}}"#)
        }
        return try await vault(at: server.address).probe(place)
    }

    @Test(arguments: answers)
    func `every answer is told apart`(_ answer: Answer) async throws {
        let server = try StubServer { _ in answer.answer }
        let vault = try vault(
            at: server.address, timeout: answer.name == "no answer" ? .milliseconds(300) : .seconds(10))
        let read = await #expect(throws: VaultError.self) { try await vault.probe(place) }
        #expect(read?.kind == answer.read, "\(String(describing: read))")
        let seen = try await observation()
        let write = await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "rota_new"), to: place, over: seen)
        }
        #expect(write?.kind == answer.write, "\(String(describing: write))")
        #expect(write?.retryAfter == (answer.name == "429" ? TimeSpan(seconds: 7) : nil))
        await #expect(throws: VaultError.self) { try await vault.check() }
    }

    @Test func `a redirect is not followed, and the token goes nowhere else`() async throws {
        let other = try StubServer { _ in .status("200 OK", "{}") }
        let target = other.address
        let server = try StubServer { _ in
            .status("307 Temporary Redirect", "", headers: ["Location: \(target)/v1/secret/data/app/db"])
        }
        let error = await #expect(throws: VaultError.self) {
            try await vault(at: server.address).probe(place)
        }
        #expect(error?.kind == .garbled)
        #expect(other.requests.isEmpty)
    }

    @Test func `a message holds the errors of the server, clean and short, and no secret`() async throws {
        let long = String(repeating: "x", count: 5000)
        let server = try StubServer { request in
            if request.hasPrefix("GET") {
                return .status(
                    "403 Forbidden", #"{"errors":["bad\u001b[31m\ntoken \#(long)"],"data":"hidden"}"#)
            }
            return .status("400 Bad Request", #"{"errors":["cannot store rota_new"]}"#)
        }
        let vault = try vault(at: server.address)
        let read = try #require(await #expect(throws: VaultError.self) { try await vault.probe(place) })
        #expect(read.message.hasPrefix("status 403: bad [31m token xxx"))
        #expect(read.message.utf8.count < 400)
        #expect(!read.message.contains("hidden"))
        let seen = try await observation()
        let write = try #require(
            await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: "rota_new"), to: place, over: seen)
            })
        #expect(!write.message.contains("rota_new"))

        let echo = try StubServer { _ in
            .status("403 Forbidden", #"{"errors":["unknown token s.credential"]}"#)
        }
        let denied = try #require(
            await #expect(throws: VaultError.self) { try await self.vault(at: echo.address).probe(place) })
        #expect(!denied.message.contains("s.credential"))
    }

    @Test func `a request names token, namespace and version, and carries the siblings as they were spelled`()
        async throws
    {
        let fields =
            #"{"z":1.0,"value":"old","big":12345678901234567890,"a":{"y":[2.50,null,1e-3]},"é":"\"\\"}"#
        let server = try StubServer { request in
            request.hasPrefix("GET")
                ? .status("200 OK", #"{"data":{"data":\#(fields),"metadata":{"version":41}}}"#)
                : .status("200 OK", #"{"data":{"version":42}}"#)
        }
        let vault = try KV2Vault(
            KV2Configuration(
                name: "main", address: server.address + "/", mount: "team/kv store", namespace: "a/b"),
            authentication: .given(Secret(utf8: "s.credential")), client: HTTPClient(addressPolicy: .any), clock: clock)
        let seen = try await vault.probe(place)
        #expect(seen.base == "41")
        #expect(seen.text == "old")
        #expect(!String(reflecting: seen).contains("old"))
        try await vault.write(Secret(utf8: "new"), to: place, over: seen)
        let request = try #require(server.requests.last)
        #expect(request.hasPrefix("POST /v1/team/kv%20store/data/app/db HTTP/1.1\r\n"))
        for header in ["X-Vault-Token: s.credential", "X-Vault-Namespace: a/b"] {
            #expect(request.contains(header))
        }
        let expected = #"{"options":{"cas":41},"data":"# + fields.replacing(#""old""#, with: #""new""#) + "}"
        #expect(request.hasSuffix("\r\n\r\n" + expected))
    }

    @Test func `a value that is no text is told as its JSON`() async throws {
        let server = try StubServer { _ in
            .status("200 OK", #"{"data":{"data":{"value":{"a": 1.0}},"metadata":{"version":1}}}"#)
        }
        #expect(try await vault(at: server.address).probe(place).text == #"{"a":1.0}"#)
    }

    @Test func `a vault that does not answer is left alone for a while, then tried once`() async throws {
        let vault = try vault(at: "http://127.0.0.1:\(freePort())")
        for _ in 0..<5 {
            let error = await #expect(throws: VaultError.self) { try await vault.probe(place) }
            #expect(error?.kind == .transient)
            #expect(error?.retryAfter == nil)
        }
        let left = await #expect(throws: VaultError.self) { try await vault.probe(place) }
        #expect(left?.message.contains("not tried") == true)
        #expect(left?.retryAfter == TimeSpan(seconds: 10))
        clock.advance(by: TimeSpan(seconds: 10))
        let tried = await #expect(throws: VaultError.self) { try await vault.probe(place) }
        #expect(tried?.message.contains("not tried") == false)
        let again = await #expect(throws: VaultError.self) { try await vault.probe(place) }
        #expect(again?.message.contains("not tried") == true)
    }

    @Test func `a server that asks to be left alone is, by every call, and then asked again`() async throws {
        let asked = Locked(0)
        let server = try StubServer { _ in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            return number == 1
                ? .status("429 Too Many Requests", "{}", headers: ["Retry-After: 2"])
                : .status("404 Not Found", #"{"errors":[]}"#)
        }
        let vault = try vault(at: server.address)
        _ = try await vault.probe(place)
        // One second more than asked for: our clock knows whole ones.
        #expect(clock.sleeps == [3000])
        #expect(server.requests.count == 2)
    }

    @Test func `a server that never has time is asked three times, and one that wants long once`() async throws {
        for (wait, requests) in [(1, 3), (4, 1)] {
            let server = try StubServer { _ in
                .status("503 Service Unavailable", "{}", headers: ["Retry-After: \(wait)"])
            }
            let vault = try vault(at: server.address)
            for _ in 0..<2 {
                let error = await #expect(throws: VaultError.self) { try await vault.probe(place) }
                #expect(error?.kind == .transient)
                #expect(error?.retryAfter == TimeSpan(seconds: Int64(wait)))
                guard wait > 3 else { break }
            }
            #expect(server.requests.count == requests)
        }
    }

    @Test func `a vault never gets more requests at once than it may`() async throws {
        let running = Locked((now: 0, most: 0))
        let server = try StubServer { _ in
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            defer { running.withLock { $0.now -= 1 } }
            return .status("404 Not Found", #"{"errors":[]}"#)
        }
        let vault = try KV2Vault(
            KV2Configuration(name: "main", address: server.address, requestsInFlight: 2),
            authentication: .given(Secret(utf8: "t")), client: HTTPClient(addressPolicy: .any), clock: clock)
        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask { _ = try await vault.probe(Destination(vault: "main", path: "p\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(running.withLock { $0.most } <= 2)
        #expect(server.requests.count == 40)
    }

    @Test func `who is cancelled while waiting for others leaves the line`() async throws {
        let server = try StubServer { _ in .nothing }
        let vault = try KV2Vault(
            KV2Configuration(
                name: "main", address: server.address, timeout: .seconds(5), requestsInFlight: 1),
            authentication: .given(Secret(utf8: "t")), client: HTTPClient(addressPolicy: .any), clock: clock)
        await withTaskGroup { group in
            for _ in 0..<5 {
                group.addTask { await #expect(throws: VaultError.self) { try await vault.probe(place) } }
            }
            group.cancelAll()
        }
        #expect(server.requests.count <= 1)
    }

    @Test(arguments: [
        "bao:8200", "ftp://bao", "https://", "https://bao/v1", "https://user@bao", "https://bao?x=1",
        "https://b ao",
    ])
    func `an address is scheme, host and port`(_ address: String) {
        let error = #expect(throws: VaultError.self) { try vault(at: address) }
        #expect(error?.kind == .rejected)
    }
}
