import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// Sends signed requests to AWS Secrets Manager.
final class AWSConnection: Sendable {
    /// The service allows some 50 writes a second to a whole account: who is over it waits and comes again.
    private static let mostSends = 5

    private let region: String
    private let url: String
    private let exchange: Exchange
    private let keyRing: AWSKeyRing

    init(
        _ configuration: AWSConfiguration, _ authentication: AWSAuthentication, client: HTTPClient,
        clock: any WallClock
    ) throws(VaultError) {
        region = configuration.region
        url = try configuration.url(of: "secretsmanager", at: configuration.endpoint)
        exchange = configuration.exchange(client, clock)
        keyRing = try AWSKeyRing(authentication, configuration, client: client, clock: clock)
    }

    /// Calls an action and gives the answer, whatever its status.
    ///
    /// - parameter value: a secret in the parameters, to be kept out of messages.
    func call(
        _ action: String, _ parameters: JSON, holding value: Secret? = nil, for purpose: Purpose = .reading
    ) async throws(VaultError) -> AWSAnswer {
        let body = parameters.serializedBytes()
        let keys = try await keyRing.keys()
        let answer = try await send(action, body, keys, holding: value, for: purpose)
        // Refused keys: nothing was carried out, so that sending it again is safe.
        guard answer.refusesKeys, let others = try await keyRing.replacement(of: keys) else { return answer }
        return try await send(action, body, others, holding: value, for: purpose)
    }

    private func send(
        _ action: String, _ body: [UInt8], _ keys: AWSKeys, holding value: Secret?, for purpose: Purpose
    ) async throws(VaultError) -> AWSAnswer {
        var request = Request(
            method: "POST", url: url,
            headers: [
                ("X-Amz-Target", "secretsmanager.\(action)"), ("Content-Type", "application/x-amz-json-1.1"),
            ], body: body)
        request.signature = AWSSignature(
            region: region, service: "secretsmanager", accessKeyID: keys.accessKeyID,
            secretAccessKey: keys.secretAccessKey, sessionToken: keys.sessionToken)
        let secrets = [value, keys.secretAccessKey, keys.sessionToken].compactMap(\.self)
        let response = try await exchange.send(
            request, for: purpose, atMost: Self.mostSends, pause: { AWSAnswer($0, for: purpose).pause })
        return AWSAnswer(response, for: purpose, hiding: secrets)
    }
}
