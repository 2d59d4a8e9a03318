import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing

@testable import Vaults

/// What the conformance suite cannot tell: labels, ids, siblings to the byte, and whose secret it is.
@Suite struct AWSSecretsManagerTests {
    let house: AWSHouse
    let vault: AWSSecretsManagerVault

    init() throws {
        house = try AWSHouse()
        vault = try house.vault()
    }

    private func place(_ name: String, _ key: String? = nil) -> Destination {
        Destination(vault: "aws", path: name, field: key)
    }

    private func error(_ body: () async throws(VaultError) -> Void) async -> VaultError? {
        do throws(VaultError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `the new version is current, the old one previous, and no other label has moved`() async throws {
        let name = try await house.make("old")
        try await vault.write(Secret(utf8: "new"), to: place(name), over: vault.probe(place(name)))
        let versions = try await house.versions(of: name)
        #expect(versions.map(\.content) == ["old", "new"])
        #expect(versions.map { $0.labels.sorted() } == [["AWSPREVIOUS"], ["AWSCURRENT", "ROTA"]])
        #expect(try await vault.probe(place(name)).base == versions[1].id)
    }

    @Test func `siblings stay byte for byte, however they are spelled`() async throws {
        let before =
            "{ \"user\":\"\\u00e9\\/x\",\n\t\"port\" : 5432.0,\"token\": \"old\" , \"tree\":{\"a\":[1e400,{}]} }\n"
        let name = try await house.make(before)
        let here = place(name, "token")
        #expect(try await vault.probe(here).text == "old")
        try await vault.write(Secret(utf8: "new \"ü\""), to: here, over: vault.probe(here))
        #expect(try await house.content(of: name) == before.replacing("\"old\"", with: "\"new \\\"ü\\\"\""))
        try await vault.fence(here, at: vault.probe(here))
        #expect(try await house.content(of: name) == before.replacing("\"old\"", with: "\"new \\\"ü\\\"\""))
        try await vault.remove(here, at: vault.probe(here))
        #expect(try await house.content(of: name) == before.replacing(",\"token\": \"old\"", with: ""))
        let another = place(name, "another")
        try await vault.write(Secret(utf8: "x"), to: another, over: vault.probe(another))
        try await vault.remove(another, at: vault.probe(another))
        #expect(try await house.content(of: name) == before.replacing(",\"token\": \"old\"", with: ""))
    }

    @Test func `what somebody else made current meanwhile is neither replaced nor labelled`() async throws {
        let name = try await house.make("old")
        let seen = try await vault.probe(place(name))
        try await house.put("foreign", into: name)
        let error = await error { () async throws(VaultError) in
            try await vault.write(Secret(utf8: "new"), to: place(name), over: seen)
        }
        #expect(error?.kind == .refused)
        #expect(try await house.content(of: name) == "foreign")
        #expect(try await house.content(of: name, "AWSPREVIOUS") == "old")
        #expect(try await house.content(of: name, "ROTA") == "new")
    }

    @Test(arguments: ["plain text", "[1]", "\"token\"", "{\"token\":1,\"token\":2}", "{"])
    func `a key of what is no JSON object is missing, and nothing is written`(content: String) async throws {
        let name = try await house.make(content)
        let error = await error { () async throws(VaultError) in _ = try await vault.probe(place(name, "token")) }
        #expect(error?.kind == .missing)
        #expect(error?.message.contains("#token") == true && error?.message.contains(content) == false)
        #expect(try await house.versions(of: name).count == 1)
    }

    @Test func `an object without the key, with nothing there, and an empty object are empty`() async throws {
        for (content, key) in [
            ("{\"a\":1}", "b"), ("{\"b\":null}", "b"), ("{\"b\":\"\"}", "b"), ("{}", "b"), (" {} ", "b"), ("{}", nil),
        ] {
            let name = try await house.make(content)
            #expect(try await vault.probe(place(name, key)).value == nil, "\(content)")
        }
    }

    @Test func `a secret that nobody has made is missing, and none is made`() async throws {
        let nowhere = place("tests/nowhere")
        let error = await error { () async throws(VaultError) in _ = try await vault.probe(nowhere) }
        #expect(error?.kind == .missing && error?.message.contains("make the secret first") == true)
        let late = await self.error { () async throws(VaultError) in
            let observation = Observation(base: "none", value: nil, context: AWSSecretContent())
            try await vault.write(Secret(utf8: "x"), to: nowhere, over: observation)
        }
        #expect(late?.kind == .missing)
    }

    @Test func `a secret that is to be deleted is missing`() async throws {
        let name = try await house.make("old")
        try await house.call("DeleteSecret", ["SecretId": .string(name), "RecoveryWindowInDays": 7])
        let error = await error { () async throws(VaultError) in _ = try await vault.probe(place(name)) }
        #expect(error?.kind == .missing && error?.message.contains("marked deleted") == true)
    }

    @Test func `a binary secret stays one`() async throws {
        let name = try await house.make()
        let id = Hex.encode(Random.bytes(16))
        try await house.call(
            "PutSecretValue",
            ["SecretId": .string(name), "ClientRequestToken": .string(id), "SecretBinary": "b2xk"])
        #expect(try await vault.probe(place(name)).text == "old")
        try await vault.write(Secret(utf8: "new"), to: place(name), over: vault.probe(place(name)))
        let read = try await house.call("GetSecretValue", ["SecretId": .string(name), "VersionStage": "AWSCURRENT"])
        #expect(read["SecretBinary"] == "bmV3" && read["SecretString"] == nil)
        let error = await error { () async throws(VaultError) in _ = try await vault.probe(place(name, "token")) }
        #expect(error?.kind == .missing)
    }

    @Test func `a repeated write makes no second version, and ids tell nothing of the value`() async throws {
        let name = try await house.make("old")
        let seen = try await vault.probe(place(name))
        for _ in 0..<3 { try await vault.write(Secret(utf8: "new"), to: place(name), over: seen) }
        #expect(try await house.versions(of: name).count == 2)
        // Over another read the same value has another id: an accepted write gives a base that never was.
        try await vault.write(Secret(utf8: "new"), to: place(name), over: vault.probe(place(name)))
        let ids = try await house.versions(of: name).map(\.id)
        #expect(Set(ids).count == 3)
        #expect(!ids.contains(Hex.encode(SHA256.digest(of: "new"))))
    }

    @Test func `temporary keys with their session token are taken`() async throws {
        let name = try await house.make("old")
        let vault = try house.vault(house.moto.temporary)
        try await vault.check()
        try await vault.write(Secret(utf8: "new"), to: place(name), over: vault.probe(place(name)))
        #expect(try await house.content(of: name) == "new")
    }

    @Test func `wrong keys are denied and shown nowhere; those that may only read pass the check`() async throws {
        let keys = house.moto.keys
        let wrong = Secret(utf8: "wrong-secret-key")
        func vault(_ accessKey: String, _ secretKey: Secret) throws -> AWSSecretsManagerVault {
            try AWSSecretsManagerVault(
                AWSConfiguration(name: "aws", region: house.moto.region, endpoint: house.moto.address),
                authentication: .keys(
                    accessKey: Credential("test") { .success(Secret(utf8: accessKey)) },
                    secretKey: Credential("test") { .success(secretKey) }, sessionToken: nil),
                client: house.client, clock: ManualClock())
        }
        for vault in [try vault(keys.accessKey, wrong), try vault("AKIAUNKNOWN", keys.secretKey)] {
            let error = await error { () async throws(VaultError) in try await vault.check() }
            #expect(error?.kind == .denied && error?.message.contains("wrong-secret-key") == false)
        }
        let name = try await house.make("old")
        let reader = try house.vault(house.moto.reader)
        try await reader.check()
        let seen = try await reader.probe(place(name))
        let error = await error { () async throws(VaultError) in
            try await reader.write(Secret(utf8: "new"), to: place(name), over: seen)
        }
        #expect(error?.kind == .denied && error?.message.contains("PutSecretValue") == true)
        #expect(try await house.content(of: name) == "old")
    }

    @Test func `a value that was put there and never shown is found; one that was not can be ruled out`() async throws {
        let name = try await house.make("old")
        let seen = try await vault.probe(place(name))
        try await house.put("other", into: name)
        // Refused, so only put.
        _ = await error { () async throws(VaultError) in
            try await vault.write(Secret(utf8: "new"), to: place(name), over: seen)
        }
        let now = try await vault.probe(place(name))
        for (value, expected) in [("new", "new"), ("other", "other"), ("absent", "never"), ("old", "never")] {
            let held = try await vault.held(
                { $0.isEqual(to: Array(value.utf8)) }, in: place(name), after: seen.base, through: now)
            #expect(held.word == expected, "\(value)")
        }
        // A base that the service does not know any more.
        let pruned = try await vault.held({ _ in false }, in: place(name), after: "gone", through: now)
        #expect(pruned.word == "unknown")
    }
}
