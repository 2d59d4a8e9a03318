import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing
import Vaults

/// Logging in to the real server.
@Suite struct KV2LoginTests {
    private let bao: OpenBao
    private let clock = ManualClock()
    private let place = Destination(vault: "main", path: "logins/" + Hex.encode(Random.bytes(6)))

    init() throws {
        bao = try OpenBao.shared()
    }

    private func vault(
        _ login: KV2Login, namespace: String? = nil, mount: String = "secret"
    ) throws -> KV2Vault {
        try KV2Vault(
            KV2Configuration(name: "main", address: bao.address, mount: mount, namespace: namespace),
            authentication: .login(login), client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    /// Writes over what is there and reads it back.
    private func use(_ vault: KV2Vault) async throws {
        let value = Hex.encode(Random.bytes(8))
        try await vault.check()
        try await vault.write(Secret(utf8: value), to: place, over: vault.probe(place))
        #expect(try await vault.probe(place).text == value)
    }

    private func failure(_ vault: KV2Vault) async throws -> VaultError {
        try #require(await #expect(throws: VaultError.self) { try await vault.probe(place) })
    }

    // MARK: AppRole

    /// A role under a mount of its own, with a secret id in a drawer.
    private struct Role {
        var mount: String
        var roleID: Drawer
        var secretID: Drawer
    }

    private func role(_ settings: String = "", namespace: String? = nil) async throws -> Role {
        try await bao.allowSecrets(as: "secrets", namespace: namespace)
        let mount = try await bao.enable("approle", namespace: namespace)
        try await bao.ask(
            "POST", "auth/\(mount)/role/r", #"{"token_policies":["secrets"]\#(settings)}"#, namespace: namespace)
        let id = try await bao.ask("GET", "auth/\(mount)/role/r/role-id", namespace: namespace)
        let roleID = try #require(id?["data"]?["role_id"]?.string)
        let role = Role(mount: mount, roleID: Drawer(roleID), secretID: Drawer(""))
        try await replaceSecretID(of: role, namespace: namespace)
        return role
    }

    private func replaceSecretID(of role: Role, namespace: String? = nil) async throws {
        let made = try await bao.ask("POST", "auth/\(role.mount)/role/r/secret-id", "{}", namespace: namespace)
        role.secretID.put(try #require(made?["data"]?["secret_id"]?.string))
    }

    private func login(_ role: Role, namespace: String? = nil) throws -> KV2Login {
        try .appRole(
            roleID: role.roleID.credential, secretID: role.secretID.credential, mount: role.mount,
            namespace: namespace)
    }

    /// How many tokens of the role are alive.
    private func tokens(of role: Role) async throws -> Int {
        let list = try await bao.ask("LIST", "auth/token/accessors")
        var count = 0
        for accessor in list?["data"]?["keys"]?.array ?? [] {
            let body = #"{"accessor":"\#(accessor.string ?? "")"}"#
            // Tokens of other tests may end while we look.
            let token = try await bao.send("POST", "auth/token/lookup-accessor", body)
            if String(decoding: token.body, as: UTF8.self).contains("\"auth/\(role.mount)/login\"") { count += 1 }
        }
        return count
    }

    @Test func `AppRole lets us in, and our token is gone when we are`() async throws {
        let role = try await role()
        let vault = try vault(login(role))
        try await use(vault)
        #expect(try await tokens(of: role) == 1)
        await vault.close()
        #expect(try await tokens(of: role) == 0)
    }

    @Test func `a secret id that is used up is told, and a new one is picked up`() async throws {
        let role = try await role(#","secret_id_num_uses":1,"token_ttl":"60s","token_max_ttl":"60s""#)
        let vault = try vault(login(role))
        try await use(vault)
        clock.advance(by: TimeSpan(seconds: 60))
        let error = try await failure(vault)
        #expect(error.kind == .denied)
        #expect(error.message.contains("invalid role or secret ID: the secret id may be used up"), "\(error)")
        try await replaceSecretID(of: role)
        try await use(vault)
    }

    @Test func `a wrapped secret id is told`() async throws {
        let role = try await role()
        let wrapped = try await bao.ask("POST", "auth/\(role.mount)/role/r/secret-id", "{}", wrapped: true)
        role.secretID.put(try #require(wrapped?["wrap_info"]?["token"]?.string))
        let error = try await failure(try vault(login(role)))
        #expect(error.kind == .denied)
        #expect(error.message.contains("unwrap it first, with 'bao unwrap'"), "\(error)")
    }

    @Test func `a lease is renewed up to its greatest length, then we log in again`() async throws {
        let role = try await role(#","token_ttl":"60s","token_max_ttl":"60s""#)
        let vault = try vault(login(role))
        try await use(vault)
        // The server's own clock has not moved: it still grants the whole.
        clock.advance(by: TimeSpan(seconds: 40))
        try await use(vault)
        #expect(try await tokens(of: role) == 1)
        clock.advance(by: TimeSpan(seconds: 60))
        try await use(vault)
        #expect(try await tokens(of: role) == 2)
    }

    @Test func `a token that somebody revoked is replaced`() async throws {
        let role = try await role()
        let vault = try vault(login(role))
        try await use(vault)
        try await bao.ask("POST", "sys/leases/revoke-prefix/auth/\(role.mount)/login")
        #expect(try await tokens(of: role) == 0)
        try await use(vault)
        #expect(try await tokens(of: role) == 1)
    }

    @Test func `a role that may not write is denied once, and logs in once`() async throws {
        let rule = #"path \"secret/*\" { capabilities = [\"read\"] }"#
        try await bao.ask("PUT", "sys/policies/acl/reads-only", "{\"policy\":\"\(rule)\"}")
        let role = try await role()
        try await bao.ask("POST", "auth/\(role.mount)/role/r", #"{"token_policies":["reads-only"]}"#)
        let vault = try vault(login(role))
        let seen = try await vault.probe(place)
        for _ in 0..<3 {
            let error = await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: "x"), to: place, over: seen)
            }
            #expect(error?.kind == .denied)
        }
        #expect(try await tokens(of: role) == 1)
    }

    @Test func `secrets and login may live in a namespace, or in two`() async throws {
        let namespace = "team-" + Hex.encode(Random.bytes(4))
        try await bao.ask("POST", "sys/namespaces/\(namespace)")
        try await bao.ask(
            "POST", "sys/mounts/secret", #"{"type":"kv","options":{"version":"2"}}"#, namespace: namespace)
        try await use(try vault(login(try await role(namespace: namespace)), namespace: namespace))
        // A role of the parent, with secrets in the child.
        let above = try await role()
        let rule = #"path \"\#(namespace)/*\" { capabilities = [\"create\", \"read\", \"update\"] }"#
        try await bao.ask("PUT", "sys/policies/acl/below-\(namespace)", "{\"policy\":\"\(rule)\"}")
        try await bao.ask("POST", "auth/\(above.mount)/role/r", #"{"token_policies":["below-\#(namespace)"]}"#)
        let vault = try vault(login(above, namespace: "root"), namespace: namespace)
        try await use(vault)
        await vault.close()
        #expect(try await tokens(of: above) == 0)
        let lost = try await failure(try self.vault(login(above), namespace: "nowhere"))
        #expect(lost.kind == .missing)
    }

    // MARK: Signed tokens

    @Test func `a JWT that is signed by the key that the server knows lets us in`() async throws {
        try await bao.allowSecrets(as: "secrets")
        let key = try SigningKey()
        let mount = try await bao.enable("jwt")
        try await bao.ask(
            "POST", "auth/\(mount)/config",
            JSON.object(["jwt_validation_pubkeys": .array([.string(key.publicKey)])]).serialized())
        try await bao.ask(
            "POST", "auth/\(mount)/role/rota",
            #"{"role_type":"jwt","user_claim":"sub","bound_audiences":["vault"],"token_policies":["secrets"]}"#)
        let token = Drawer(try key.sign(["sub": "rota", "aud": "vault", "exp": 4_000_000_000, "iat": 1_700_000_000]))
        let vault = try vault(.jwt(role: "rota", token: token.credential, mount: mount))
        try await use(vault)
        await vault.close()

        token.put(try key.sign(["sub": "rota", "aud": "elsewhere", "exp": 4_000_000_000, "iat": 1_700_000_000]))
        let error = try await failure(try self.vault(.jwt(role: "rota", token: token.credential, mount: mount)))
        #expect(error.kind == .denied)
        #expect(error.message.contains("the role 'rota' may be bound to other claims"), "\(error)")
    }

    @Test func `a service account's token lets us in when Kubernetes knows it`() async throws {
        try await bao.allowSecrets(as: "secrets")
        let key = try SigningKey()
        let token = try key.sign([
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:apps:rota",
            "kubernetes.io/serviceaccount/namespace": "apps",
            "kubernetes.io/serviceaccount/service-account.name": "rota",
            "kubernetes.io/serviceaccount/service-account.uid": "u-1",
        ])
        // What the API server answers to a review of a token that it issued, and of any other.
        let cluster = try StubServer { request in
            let isKnown =
                request.hasPrefix("POST /apis/authentication.k8s.io/v1/tokenreviews") && request.contains(token)
            let status =
                isKnown
                ? #"{"authenticated":true,"user":{"username":"system:serviceaccount:apps:rota","uid":"u-1"}}"#
                : #"{"authenticated":false,"error":"unknown"}"#
            return .status(
                "201 Created",
                #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":\#(status)}"#,
                headers: ["Content-Type: application/json"])
        }
        let mount = try await bao.enable("kubernetes")
        try await bao.ask(
            "POST", "auth/\(mount)/config",
            JSON.object([
                "kubernetes_host": .string(cluster.address), "disable_local_ca_jwt": .bool(true),
                "kubernetes_ca_cert": .string(key.certificate),
            ]).serialized())
        try await bao.ask(
            "POST", "auth/\(mount)/role/rota",
            #"{"bound_service_account_names":["rota"],"bound_service_account_namespaces":["apps"],"#
                + #""audience":"","token_policies":["secrets"]}"#)
        let drawer = Drawer(token)
        try await use(try vault(.kubernetes(role: "rota", token: drawer.credential, mount: mount)))
        #expect(cluster.requests.count == 1)

        let error = try await failure(try vault(.kubernetes(role: "other", token: drawer.credential, mount: mount)))
        #expect(error.kind == .denied)
        #expect(error.message.contains("Kubernetes login at auth/\(mount)/login"), "\(error)")
    }
}
