import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing
import Vaults

/// What only the real server can tell.
@Suite struct OpenBaoTests {
    let bao: OpenBao
    let client = HTTPClient(addressPolicy: .any)
    let path = "real/" + Hex.encode(Random.bytes(6))

    init() throws {
        bao = try OpenBao.shared()
    }

    private var place: Destination { Destination(vault: "main", path: path) }

    private func vault(mount: String = "secret", token: Secret? = nil) throws -> KV2Vault {
        try KV2Vault(
            KV2Configuration(name: "main", address: bao.address, mount: mount),
            authentication: .given(token ?? bao.rootToken), client: client, clock: ManualClock())
    }

    /// Sends one request as the administrator.
    @discardableResult
    private func ask(_ method: String, _ path: String, _ body: String = "") async throws -> JSON? {
        try await bao.ask(method, path, body)
    }

    private func fields() async throws -> String? {
        try await ask("GET", "secret/data/\(path)")?["data"]?["data"]?.serialized()
    }

    @Test func `siblings survive writes, fences and removals as they were spelled`() async throws {
        // What the server makes of 12345678901234567890 and 1.0 when somebody writes them: it keeps numbers
        // as doubles. What it then gives is what must stay. Keys are sorted, as the server sorts them.
        let siblings =
            #""big":12345678901234567000,"one":1,"tiny":1e-7,"tree":{"a":[1,2.5,null,true],"b":{}}"#
        let text = #","uni":"é 😀 <&> \" \\ \n""#
        let written = siblings.replacing("567000", with: "567890").replacing("1,\"tiny", with: "1.0,\"tiny")
        try await ask("POST", "secret/data/\(path)", "{\"data\":{\(written)\(text)}}")
        let before = try await fields()
        #expect(before == "{\(siblings)\(text)}")
        let vault = try vault()
        try await vault.write(Secret(utf8: "first"), to: place, over: vault.probe(place))
        #expect(try await fields() == "{\(siblings)\(text),\"value\":\"first\"}")
        try await vault.fence(place, at: vault.probe(place))
        #expect(try await fields() == "{\(siblings)\(text),\"value\":\"first\"}")
        try await vault.remove(place, at: vault.probe(place))
        #expect(try await fields() == before)
        try await vault.fence(place, at: vault.probe(place))
        #expect(try await fields() == before)
    }

    @Test func `fencing a secret that never was makes version 1 without fields`() async throws {
        let vault = try vault()
        let absent = try await vault.probe(place)
        #expect(absent.base == "0")
        try await vault.fence(place, at: absent)
        #expect(try await vault.probe(place).base == "1")
        #expect(try await fields() == "{}")
    }

    @Test(arguments: ["DELETE secret/data/", "PUT secret/destroy/"])
    func `a version that was deleted or destroyed still counts`(_ request: String) async throws {
        let vault = try vault()
        let empty = try await vault.probe(place)
        try await vault.write(Secret(utf8: "first"), to: place, over: empty)
        let parts = request.split(separator: " ")
        try await ask(String(parts[0]), "\(parts[1])\(path)", #"{"versions":[1]}"#)
        let deleted = try await vault.probe(place)
        #expect(deleted.base == "1")
        #expect(deleted.value == nil)
        try await vault.fence(place, at: deleted)
        try await vault.write(Secret(utf8: "second"), to: place, over: vault.probe(place))
        let now = try await vault.probe(place)
        #expect(now.base == "3")
        // What version 1 held cannot be told any more; what is known can.
        for (value, expected) in [("first", "unknown"), ("second", "second")] {
            let held = try await vault.held(
                { $0.isEqual(to: Array(value.utf8)) }, in: place, after: empty.base, through: now)
            #expect(held.word == expected)
        }
    }

    @Test func `a wrong token, another mount and another kind of mount fail the check`() async throws {
        try await vault().check()
        let wrong = await #expect(throws: VaultError.self) {
            try await vault(token: Secret(utf8: "s.no")).check()
        }
        #expect(wrong?.kind == .denied)
        let nowhere = await #expect(throws: VaultError.self) { try await vault(mount: "nowhere").check() }
        #expect(nowhere?.kind == .denied || nowhere?.kind == .missing)
        let lost = await #expect(throws: VaultError.self) { try await vault(mount: "nowhere").probe(place) }
        #expect(lost?.kind == .missing)
        let first = "first-" + Hex.encode(Random.bytes(4))
        try await ask("POST", "sys/mounts/\(first)", #"{"type":"kv","options":{"version":"1"}}"#)
        let older = await #expect(throws: VaultError.self) { try await vault(mount: first).check() }
        #expect(older?.kind == .missing)
    }

    @Test func `a token that may only read cannot write`() async throws {
        try await ask(
            "PUT", "sys/policies/acl/reader", #"{"policy":"path \"secret/*\" { capabilities = [\"read\"] }"}"#
        )
        let made = try await ask("POST", "auth/token/create", #"{"policies":["reader"]}"#)
        let token = try #require(made?["auth"]?["client_token"]?.string)
        let reader = try vault(token: Secret(utf8: token))
        try await reader.check()
        let seen = try await reader.probe(place)
        let error = await #expect(throws: VaultError.self) {
            try await reader.write(Secret(utf8: "x"), to: place, over: seen)
        }
        #expect(error?.kind == .denied)
    }
}
