import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing

@testable import Vaults

/// What an endpoint may say, and what never reaches a message.
@Suite struct HTTPVaultTests {
    private let place = Destination(vault: "http", path: "app/db", field: "key")
    private let clock = ManualClock()

    struct Answer: Sendable, CustomTestStringConvertible {
        var status: String
        var read: VaultError.Kind?
        var write: VaultError.Kind?
        /// Where writes are conditional, if it differs.
        var conditional: VaultError.Kind?
        var testDescription: String { status }
    }

    @Test(arguments: [
        Answer(status: "400 Bad Request", read: .rejected, write: .rejected),
        Answer(status: "401 Unauthorized", read: .denied, write: .denied),
        Answer(status: "403 Forbidden", read: .denied, write: .denied),
        Answer(status: "404 Not Found", read: nil, write: .missing),
        Answer(status: "405 Method Not Allowed", read: .missing, write: .missing),
        Answer(status: "408 Request Timeout", read: .transient, write: .unknownOutcome),
        Answer(status: "409 Conflict", read: .rejected, write: .rejected, conditional: .refused),
        Answer(status: "412 Precondition Failed", read: .rejected, write: .rejected, conditional: .refused),
        Answer(status: "422 Unprocessable Content", read: .rejected, write: .rejected),
        Answer(status: "429 Too Many Requests", read: .transient, write: .transient),
        Answer(status: "500 Internal Server Error", read: .transient, write: .unknownOutcome),
        Answer(status: "503 Service Unavailable", read: .transient, write: .transient),
        Answer(status: "302 Found", read: .garbled, write: .garbled),
        Answer(status: "202 Accepted", read: .garbled, write: .unknownOutcome),
    ])
    func `every answer is told apart, and its body is shown nowhere`(_ answer: Answer) async throws {
        for conditional in [false, true] {
            let server = try StubServer { _ in .status(answer.status, #"{"error":"canary"}"#) }
            let vault = try vault(server, conditional: conditional)
            let read = await failure { () async throws(VaultError) in _ = try await vault.probe(place) }
            #expect(read?.kind == answer.read)
            let write = await failure { () async throws(VaultError) in
                try await vault.write(
                    Secret(utf8: "canary"), to: place, over: Observation(base: "\"1\"", value: nil))
            }
            #expect(write?.kind == (conditional ? answer.conditional ?? answer.write : answer.write))
            for error in [read, write].compactMap(\.self) { #expect(!error.message.contains("canary")) }
        }
    }

    @Test(arguments: ["", "ETag: W/\"1\"", "ETag: 1", "ETag: \""])
    func `a condition needs a strong ETag`(header: String) async throws {
        let server = try StubServer { _ in
            .status("200 OK", #"{"v":"x"}"#, headers: header.isEmpty ? [] : [header])
        }
        let vault = try vault(server, conditional: true)
        let error = await failure { () async throws(VaultError) in _ = try await vault.probe(place) }
        #expect(error?.kind == .garbled)
    }

    @Test func `what was read is written on the condition that it is still so`() async throws {
        let server = try StubServer { request in
            request.hasPrefix("GET")
                ? .status("200 OK", #"{"v":"x"}"#, headers: ["ETag: \"a,b\""]) : .status("200 OK", "")
        }
        let vault = try vault(server, conditional: true)
        let seen = try await vault.probe(place)
        try await vault.write(Secret(utf8: "new"), to: place, over: seen)
        #expect(seen.base == "\"a,b\"" && seen.text == "x")
        #expect(server.requests.last?.contains("\r\nIf-Match: \"a,b\"\r\n") == true)
    }

    @Test func `an answer that is not JSON is garbled; nothing at the pointer is nothing there`() async throws {
        for (body, kind) in [
            ("<html>", VaultError.Kind.garbled), ("{}", nil), (#"{"v":null}"#, nil), (#"{"v":""}"#, nil),
        ] {
            let server = try StubServer { _ in .status("200 OK", body) }
            let vault = try vault(server, conditional: false)
            let error = await failure { () async throws(VaultError) in
                #expect(try await vault.probe(place).value == nil)
            }
            #expect(error?.kind == kind)
        }
    }

    @Test func `a value that a header cannot hold is rejected before anything is sent`() async throws {
        let server = try StubServer { _ in .status("200 OK", "") }
        var configuration = try Self.configuration(server, conditional: false)
        configuration.write.headers.append(
            HTTPVaultConfiguration.Call.Header(name: "X-Value", value: try Template("{{value}}")))
        let vault = HTTPVault(
            configuration, credential: nil, client: HTTPClient(addressPolicy: .any), clock: clock)
        for value in ["a\r\nX-Other: b", "ü"] {
            let error = await failure { () async throws(VaultError) in
                try await vault.write(Secret(utf8: value), to: place, over: Observation(base: "", value: nil))
            }
            #expect(error?.kind == .rejected)
        }
        #expect(server.requests.isEmpty)
    }

    @Test func `a field without a place for it, and a place without a field, are rejected`() async throws {
        let server = try StubServer { _ in .status("200 OK", "") }
        let call = HTTPVaultConfiguration.Call(
            method: "PUT", url: try URLTemplate("\(server.address)/{{path}}"), success: [200])
        let vault = HTTPVault(
            HTTPVaultConfiguration(name: "http", write: call), credential: nil,
            client: HTTPClient(addressPolicy: .any), clock: clock)
        let error = await failure { () async throws(VaultError) in _ = try await vault.probe(place) }
        #expect(error?.kind == .rejected && error?.message.contains("#key") == true)
        #expect(try await vault.probe(Destination(vault: "http", path: "app/db")).value == nil)
        #expect(vault.capabilities.readable == false && vault.capabilities.conditionalWrite == false)
    }

    @Test func `a check reads where nobody writes, and tells a wrong credential`() async throws {
        let endpoint = try StrictEndpoint(conditional: true)
        try await endpoint.vault(reading: true, conditional: true).check()
        #expect(endpoint.faults == [] && endpoint.values.isEmpty)
        let server = try StubServer { _ in .status("401 Unauthorized", "") }
        let error = await failure { () async throws(VaultError) in
            try await vault(server, conditional: false).check()
        }
        #expect(error?.kind == .denied)
    }

    private static func configuration(_ server: StubServer, conditional: Bool) throws -> HTTPVaultConfiguration {
        let url = try URLTemplate("\(server.address)/{{path}}/{{field}}")
        var configuration = HTTPVaultConfiguration(
            name: "http", write: HTTPVaultConfiguration.Call(method: "POST", url: url, success: [200]))
        configuration.reading = HTTPVaultConfiguration.Reading(
            HTTPVaultConfiguration.Call(method: "GET", url: url, success: [200]), pointer: try PointerTemplate("/v"))
        configuration.usesETag = conditional
        return configuration
    }

    private func vault(_ server: StubServer, conditional: Bool) throws(VaultError) -> HTTPVault {
        guard let configuration = try? Self.configuration(server, conditional: conditional) else {
            throw VaultError(.garbled, "the test's own configuration")
        }
        return HTTPVault(configuration, credential: nil, client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    private func failure(_ body: () async throws(VaultError) -> Void) async -> VaultError? {
        do throws(VaultError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}
