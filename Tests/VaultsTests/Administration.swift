import Crypto
import Engine
import HTTPClient
import JSON
import TestSupport
import Testing
import Vaults

extension KV2Authentication {
    /// A token that is at hand.
    static func given(_ token: Secret) -> KV2Authentication {
        .token(Credential("test") { .success(token) })
    }
}

extension OpenBao {
    private static let client = HTTPClient(addressPolicy: .any)

    /// Sends one request as the administrator; its refusal fails the test.
    @discardableResult
    func ask(
        _ method: String, _ path: String, _ body: String = "", namespace: String? = nil, wrapped: Bool = false
    ) async throws -> JSON? {
        let response = try await send(method, path, body, namespace: namespace, wrapped: wrapped)
        let answer = String(decoding: response.body, as: UTF8.self)
        try #require(response.status < 300, "\(method) \(path): \(answer)")
        return response.body.isEmpty ? nil : try JSON.parse(response.body, maximumBytes: 1 << 20)
    }

    /// The same, whatever the answer.
    func send(
        _ method: String, _ path: String, _ body: String = "", namespace: String? = nil, wrapped: Bool = false
    ) async throws -> Response {
        var headers = [(name: "X-Vault-Token", value: String(decoding: rootToken.copyBytes(), as: UTF8.self))]
        if let namespace { headers.append((name: "X-Vault-Namespace", value: namespace)) }
        if wrapped { headers.append((name: "X-Vault-Wrap-TTL", value: "60s")) }
        return try await Self.client.send(
            Request(method: method, url: "\(address)/v1/\(path)", headers: headers, body: Array(body.utf8)))
    }

    /// A policy that allows everything below `secret`, and the usual looks at one's own token.
    func allowSecrets(as name: String, namespace: String? = nil) async throws {
        let rule = #"path \"secret/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\"] }"#
        try await ask("PUT", "sys/policies/acl/\(name)", "{\"policy\":\"\(rule)\"}", namespace: namespace)
    }

    /// Mounts a login method under a name of its own, and answers the name.
    func enable(_ method: String, namespace: String? = nil) async throws -> String {
        let mount = "\(method)-\(Hex.encode(Random.bytes(4)))"
        try await ask("POST", "sys/auth/\(mount)", "{\"type\":\"\(method)\"}", namespace: namespace)
        return mount
    }
}

/// A credential that a test may change, as an operator does.
final class Drawer: Sendable {
    private let content: Locked<Secret>

    init(_ text: String) {
        content = Locked(Secret(utf8: text))
    }

    func put(_ text: String) { content.withLock { $0 = Secret(utf8: text) } }

    var credential: Credential { Credential("file:drawer") { .success(self.content.withLock { $0 }) } }
}
