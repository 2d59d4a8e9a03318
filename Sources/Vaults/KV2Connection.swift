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
    ///   - token: nil for a login.
    ///   - secrets: what the body holds that must be kept out of messages.
    func send(
        _ method: String, _ path: String, body: [UInt8] = [], token: Secret?, namespace: String?,
        secrets: [Secret], for purpose: Purpose
    ) async throws(VaultError) -> KV2Answer {
        let request = Request(
            method: method, url: "\(baseURL)/\(path)", headers: headers(token, namespace), body: body)
        let hidden = secrets + [token].compactMap(\.self)
        let response = try await exchange.send(request, for: purpose) { response in
            KV2Answer(response: response, purpose: purpose, secrets: []).pauseAsked
        }
        return KV2Answer(response: response, purpose: purpose, secrets: hidden)
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
