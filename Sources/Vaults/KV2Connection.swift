import Crypto
import Engine
import HTTPClient
import RotaCore

/// Sends requests to one server, a bounded number at once, and says what it means when no answer comes.
final class KV2Connection: Sendable {
    static let largestAnswer = 1 << 20
    /// How many times a request is sent that the server each time asks to come back with.
    private static let mostSends = 3

    private let configuration: KV2Configuration
    private let baseURL: String
    private let client: HTTPClient
    private let turnstile: Turnstile
    private let breaker: Breaker
    private let throttle: Throttle

    init(_ configuration: KV2Configuration, client: HTTPClient, clock: any WallClock) throws(VaultError) {
        self.configuration = configuration
        self.client = client
        baseURL = try configuration.baseURL()
        turnstile = Turnstile(places: configuration.requestsInFlight)
        breaker = Breaker(clock: clock)
        throttle = Throttle(clock: clock)
    }

    /// Sends one request and gives the answer, whatever its status.
    ///
    /// - Parameters:
    ///   - path: below `/v1`, encoded.
    ///   - token: nil for a login.
    ///   - secrets: what the body holds that must be kept out of messages.
    func send(
        _ method: String, _ path: String, body: [UInt8] = [], token: Secret?, namespace: String?,
        secrets: [Secret], for purpose: KV2Answer.Purpose
    ) async throws(VaultError) -> KV2Answer {
        var request = Request(
            method: method, url: "\(baseURL)/\(path)", headers: headers(token, namespace), body: body)
        request.timeout = configuration.timeout
        request.connectTimeout = configuration.connectTimeout
        request.maximumResponseBytes = Self.largestAnswer
        request.certificateAuthorityFile = configuration.certificateAuthorityFile
        let hidden = secrets + [token].compactMap(\.self)
        for _ in 1..<Self.mostSends {
            let answer = KV2Answer(response: try await exchange(request, purpose), purpose: purpose, secrets: hidden)
            guard let wait = answer.pauseAsked else { return answer }
            throttle.hold(for: wait)
            guard wait <= Throttle.patience else { return answer }
        }
        return KV2Answer(response: try await exchange(request, purpose), purpose: purpose, secrets: hidden)
    }

    private func exchange(
        _ request: Request, _ purpose: KV2Answer.Purpose
    ) async throws(VaultError) -> Response {
        try await throttle.pass()
        return try await turnstile.pass { () async throws(VaultError) -> Response in
            try breaker.check()
            do throws(HTTPError) {
                let response = try await client.send(request)
                breaker.answered()
                return response
            } catch {
                throw failure(error, purpose)
            }
        }
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

    private func failure(_ error: HTTPError, _ purpose: KV2Answer.Purpose) -> VaultError {
        let uncertain: VaultError.Kind = purpose == .writing ? .unknownOutcome : .transient
        switch error {
        case .notSent:
            breaker.wasNotAnswered()
            return VaultError(.transient, error.description)
        case .unknownOutcome:
            breaker.wasNotAnswered()
            return VaultError(uncertain, error.description)
        case .responseTooLarge:
            breaker.answered()
            return VaultError(purpose == .writing ? .unknownOutcome : .garbled, error.description)
        case .cancelled, .shutDown: return VaultError(uncertain, error.description)
        case .invalidRequest: return VaultError(.rejected, error.description)
        }
    }
}
