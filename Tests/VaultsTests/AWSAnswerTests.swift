import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing

@testable import Vaults

/// What AWS may say, told apart as the rotation protocol needs it, and how long it is left alone.
@Suite struct AWSAnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var code: String?
        var read: VaultError.Kind
        var write: VaultError.Kind
        var testDescription: String { "\(status) \(code ?? "of something else")" }
    }

    @Test(arguments: [
        Case(status: 400, code: "ThrottlingException", read: .transient, write: .transient),
        Case(status: 400, code: "LimitExceededException", read: .transient, write: .transient),
        Case(status: 429, code: nil, read: .transient, write: .transient),
        Case(status: 503, code: nil, read: .transient, write: .transient),
        Case(status: 500, code: "InternalServiceError", read: .transient, write: .unknownOutcome),
        Case(status: 502, code: nil, read: .transient, write: .unknownOutcome),
        Case(status: 400, code: "AccessDeniedException", read: .denied, write: .denied),
        Case(status: 400, code: "UnrecognizedClientException", read: .denied, write: .denied),
        Case(status: 400, code: "InvalidSignatureException", read: .denied, write: .denied),
        Case(status: 400, code: "ExpiredTokenException", read: .denied, write: .denied),
        Case(status: 400, code: "DecryptionFailure", read: .denied, write: .denied),
        Case(status: 400, code: "EncryptionFailure", read: .denied, write: .denied),
        Case(status: 403, code: nil, read: .denied, write: .denied),
        Case(status: 400, code: "ResourceNotFoundException", read: .missing, write: .missing),
        Case(status: 400, code: "InvalidRequestException", read: .missing, write: .missing),
        Case(status: 400, code: "ResourceExistsException", read: .refused, write: .refused),
        Case(status: 400, code: "ValidationException", read: .rejected, write: .rejected),
        Case(status: 400, code: "InvalidParameterException", read: .rejected, write: .rejected),
        Case(status: 400, code: "SomethingNew", read: .rejected, write: .rejected),
        Case(status: 404, code: nil, read: .garbled, write: .garbled),
        Case(status: 302, code: nil, read: .garbled, write: .garbled),
        Case(status: 204, code: nil, read: .garbled, write: .unknownOutcome),
    ])
    func `an error has its class`(_ test: Case) {
        let bodies =
            test.code.map {
                [
                    #"{"__type":"\#($0)","message":"told"}"#, #"{"__type":"com.amazonaws#\#($0)","Message":"told"}"#,
                    "<ErrorResponse><Error><Code>\($0)</Code><Message>told</Message></Error></ErrorResponse>",
                ]
            } ?? ["<html>"]
        for body in bodies {
            let response = Response(status: test.status, body: Array(body.utf8))
            #expect(AWSAnswer(response, for: .reading).failure.kind == test.read)
            #expect(AWSAnswer(response, for: .writing).failure.kind == test.write)
            let message = AWSAnswer(response, for: .reading).failure.message
            #expect(test.code == nil || message.contains("told") && message.contains(test.code ?? ""))
        }
    }

    @Test func `a message does not repeat what was sent`() {
        let body = Array(#"{"__type":"ValidationException","message":"'canary' is too long"}"#.utf8)
        let answer = AWSAnswer(Response(status: 400, body: body), for: .writing, hiding: [Secret(utf8: "canary")])
        #expect(!answer.failure.message.contains("canary"))
    }

    @Test func `a full secret is left alone for ten minutes`() {
        let body = Array(#"{"__type":"LimitExceededException"}"#.utf8)
        #expect(AWSAnswer(Response(status: 400, body: body), for: .writing).failure.retryAfter?.seconds == 600)
    }

    private func vault(_ server: StubServer, _ clock: ManualClock) throws -> AWSSecretsManagerVault {
        try AWSSecretsManagerVault(
            AWSConfiguration(name: "aws", region: "eu-west-1", endpoint: server.address),
            authentication: .keys(
                accessKey: Credential("test") { .success(Secret(utf8: "AKIDEXAMPLE")) },
                secretKey: Credential("test") { .success(Secret(utf8: "secret")) }, sessionToken: nil),
            client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    @Test func `who is throttled waits and asks again`() async throws {
        let count = Locked(0)
        let server = try StubServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number < 3
                ? .status("400 Bad Request", #"{"__type":"ThrottlingException"}"#)
                : .status("200 OK", #"{"VersionId":"v","SecretString":"value"}"#)
        }
        let clock = ManualClock()
        let seen = try await vault(server, clock).probe(Destination(vault: "aws", path: "a"))
        #expect(seen.text == "value" && server.requests.count == 3 && clock.sleeps.count == 2)
    }

    @Test func `who is asked to wait longer comes back later`() async throws {
        let server = try StubServer { _ in .status("503 Slow Down", "{}", headers: ["Retry-After: 60"]) }
        let clock = ManualClock()
        let vault = try vault(server, clock)
        for _ in 0..<2 {
            let error = await #expect(throws: VaultError.self) {
                try await vault.probe(Destination(vault: "aws", path: "a"))
            }
            #expect(error?.kind == .transient && (59...61).contains(error?.retryAfter?.seconds ?? 0))
        }
        #expect(server.requests.count == 1 && clock.sleeps.isEmpty)
    }

    @Test func `a version that cannot be read back yet is asked for again, and never made current before`() async throws
    {
        let reads = Locked(0)
        let server = try StubServer { request in
            let token = request.firstRange(of: "\"ClientRequestToken\":\"").map { range in
                String(request[range.upperBound...].prefix { $0 != "\"" })
            }
            if let token { return .status("200 OK", #"{"VersionId":"\#(token)","VersionStages":["ROTA"]}"#) }
            if request.contains("GetSecretValue"), !request.contains("AWSCURRENT") {
                reads.withLock { $0 += 1 }
                return .status("400 Bad Request", #"{"__type":"ResourceNotFoundException"}"#)
            }
            return .status("200 OK", #"{"VersionId":"v","SecretString":"value"}"#)
        }
        let clock = ManualClock()
        let vault = try vault(server, clock)
        let place = Destination(vault: "aws", path: "a")
        let seen = try await vault.probe(place)
        let error = await #expect(throws: VaultError.self) {
            try await vault.write(Secret(utf8: "new"), to: place, over: seen)
        }
        #expect(error?.kind == .transient)
        #expect(reads.withLock { $0 } == 4 && clock.sleeps == [100, 200, 400])
        #expect(!server.requests.contains { $0.contains("UpdateSecretVersionStage") })
    }

    @Test(arguments: ["", "EU", "eu west", "eu/west", "../x"])
    func `what is no region is refused`(region: String) {
        #expect(throws: VaultError.self) {
            try AWSConfiguration(name: "aws", region: region).url(of: "sts", at: nil)
        }
    }

    @Test func `a region has its own address, and China its own domain`() throws {
        let address = { try AWSConfiguration(name: "aws", region: $0).url(of: "secretsmanager", at: $1) }
        #expect(try address("eu-west-1", nil) == "https://secretsmanager.eu-west-1.amazonaws.com/")
        #expect(try address("cn-north-1", nil) == "https://secretsmanager.cn-north-1.amazonaws.com.cn/")
        #expect(try address("eu-west-1", "https://vpce-1.example/") == "https://vpce-1.example/")
        #expect(throws: VaultError.self) { try address("eu-west-1", "https://user@vpce-1.example/") }
    }
}
