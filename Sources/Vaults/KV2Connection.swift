import Crypto
import Engine
import HTTPClient
import RotaCore

/// Sends requests to one server of HashiCorp Vault or OpenBao.
final class KV2Connection: Sendable {
    private let baseURL: String
    private let exchange: Exchange

    init(_ configuration: KV2Configuration, client: HTTPClient, clock: any WallClock) throws(VaultError) {
        baseURL = try configuration.baseURL()
        exchange = Exchange(
            client: client, clock: clock, timeout: configuration.timeout,
            connectTimeout: configuration.connectTimeout,
            certificateAuthorityFile: configuration.certificateAuthorityFile,
            requestsInFlight: configuration.requestsInFlight)
    }

    /// Sends one request and gives the answer, whatever its status.
    ///
    /// - Parameters:
    ///   - path: below `/v1`, encoded.
    ///   - secrets: what the body holds that must be kept out of messages.
    ///   - lease: asked for when the turn of the request has come: what was good when it came to stand in line may
    ///     have ended since.
    func send(
        _ method: String, _ path: String, body: [UInt8], namespace: String?, secrets: [Secret],
        for purpose: Purpose, with lease: () async throws(VaultError) -> KV2Lease
    ) async throws(VaultError) -> (answer: KV2Answer, lease: KV2Lease) {
        var used: KV2Lease?
        let response = try await exchange.send(for: purpose, pause: pauseAsked) { () async throws(VaultError) in
            let lease = try await lease()
            used = lease
            return request(method, path, body, lease.token, namespace)
        }
        guard let used else { throw VaultError(.garbled, "an answer came to a request that was never made") }
        return (KV2Answer(response: response, purpose: purpose, secrets: secrets + [used.token]), used)
    }

    /// Sends one request about a token or for one, which calls that have their turn may wait for.
    ///
    /// - parameter token: nil for a login.
    func sendAtOnce(
        _ method: String, _ path: String, body: [UInt8] = [], token: Secret?, namespace: String?,
        secrets: [Secret], for purpose: Purpose
    ) async throws(VaultError) -> KV2Answer {
        let request = request(method, path, body, token, namespace)
        let response = try await exchange.send(for: purpose, .atOnce, pause: pauseAsked) { request }
        return KV2Answer(response: response, purpose: purpose, secrets: secrets + [token].compactMap(\.self))
    }

    private func pauseAsked(_ response: Response) -> TimeSpan? {
        KV2Answer(response: response, purpose: .reading, secrets: []).pauseAsked
    }

    private func request(
        _ method: String, _ path: String, _ body: [UInt8], _ token: Secret?, _ namespace: String?
    ) -> Request {
        Request(method: method, url: "\(baseURL)/\(path)", headers: headers(token, namespace), body: body)
    }

    private func headers(_ token: Secret?, _ namespace: String?) -> [(name: String, value: String)] {
        var headers = [
            // Agents and proxies may ask for it; it keeps requests forged by a browser out.
            (name: "X-Vault-Request", value: "true"),
            (name: "Content-Type", value: "application/json"),
        ]
        if let token {
            headers.append((name: "X-Vault-Token", value: String(decoding: token.copyBytes(), as: UTF8.self)))
        }
        if let namespace { headers.append((name: "X-Vault-Namespace", value: namespace)) }
        return headers
    }
}
