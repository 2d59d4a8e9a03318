import Crypto
import Engine
import HTTPClient
import RotaCore

extension AWSKeyRing {
    /// A ring that gets its keys as it is configured; throws `rejected` when an address cannot be one.
    convenience init(
        _ authentication: AWSAuthentication, _ configuration: AWSConfiguration, client: HTTPClient,
        clock: any WallClock
    ) throws(VaultError) {
        var service: AWSTokenService?
        if case .webIdentity(let identity) = authentication {
            service = try AWSTokenService(identity, configuration, client: client, clock: clock)
        }
        self.init(clock: clock) { [service] in
            do throws(VaultError) {
                if let service { return .success(try await service.keys()) }
                return .success(try await authentication.readKeys())
            } catch {
                return .failure(error)
            }
        }
    }
}

extension AWSAuthentication {
    /// Keys that are kept somewhere.
    fileprivate func readKeys() async throws(VaultError) -> AWSKeys {
        switch self {
        case .keys(let accessKey, let secretKey, let sessionToken):
            let accessKeyID = String(decoding: try await accessKey.read().copyBytes(), as: UTF8.self)
            let secretAccessKey = try await secretKey.read()
            return AWSKeys(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
                sessionToken: try await sessionToken?.read())
        case .profile(let name, let credentials, let configuration):
            return try AWSProfile.keys(
                of: name, credentials: try await credentials?.read(), configuration: try await configuration?.read())
        case .webIdentity:
            throw VaultError(.denied, "keys of a web identity are given by the token service")
        }
    }
}

/// Gets temporary keys for a token of an identity provider.
///
/// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
private struct AWSTokenService: Sendable {
    private let identity: AWSWebIdentity
    private let url: String
    private let exchange: Exchange

    init(
        _ identity: AWSWebIdentity, _ configuration: AWSConfiguration, client: HTTPClient, clock: any WallClock
    ) throws(VaultError) {
        self.identity = identity
        url = try configuration.url(of: "sts", at: identity.endpoint)
        exchange = configuration.exchange(client, clock, requestsInFlight: 1)
    }

    func keys() async throws(VaultError) -> AWSKeys {
        let token = try await identity.token.read()
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"), ("RoleArn", identity.role),
            ("RoleSessionName", identity.session), ("Version", "2011-06-15"),
            ("WebIdentityToken", String(decoding: token.copyBytes(), as: UTF8.self)),
        ]
        let body = fields.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let request = Request(
            method: "POST", url: url, headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(body.utf8))
        let response = try await exchange.send(request, for: .reading) { AWSAnswer($0, for: .reading).pause }
        let answer = AWSAnswer(response, for: .reading, hiding: [token])
        guard answer.isSuccess else {
            var error = answer.failure
            // What it says of role and token is about our credentials, whatever it calls it.
            if error.kind == .rejected { error.kind = .denied }
            error.message = "the role could not be taken: \(error.message)"
            throw error
        }
        guard let accessKey = answer.element("AccessKeyId"), let secretKey = answer.element("SecretAccessKey"),
            let sessionToken = answer.element("SessionToken"),
            let end = answer.element("Expiration").flatMap({ Instant($0) })
        else { throw VaultError(.garbled, "the answer to AssumeRoleWithWebIdentity has no keys") }
        return AWSKeys(
            accessKeyID: accessKey, secretAccessKey: Secret(utf8: secretKey), sessionToken: Secret(utf8: sessionToken),
            endsAt: end)
    }
}
