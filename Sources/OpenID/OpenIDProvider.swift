package import Crypto
import HTTPClient
import JSON
package import RotaCore

/// Somebody who can say who a person is (OpenID Connect Core 1.0, the authorization code flow with PKCE).
package struct OpenIDProvider: Sendable {
    /// What is known of it beforehand.
    package struct Settings: Hashable, Sendable {
        /// Its identifier, an address, under which it describes itself.
        package var issuer: String
        package var clientID: String
        /// The claim that is held against the owners of tokens.
        package var claim: String
        /// A file of certificates to trust in place of the system's.
        package var authorities: String?

        package init(issuer: String, clientID: String, claim: String = "email", authorities: String? = nil) {
            self.issuer = issuer
            self.clientID = clientID
            self.claim = claim
            self.authorities = authorities
        }
    }

    /// Why a person is not known.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String

        init(_ description: String) { self.description = description }
    }

    /// What one attempt of a person is known by, until he comes back.
    package struct Attempt: Hashable, Sendable {
        package var state: String
        package var nonce: String
        package var verifier: String

        package init(state: String, nonce: String, verifier: String) {
            self.state = state
            self.nonce = nonce
            self.verifier = verifier
        }
    }

    /// How long an answer of it may be.
    static let mostBytes = 256 << 10

    private let settings: Settings
    private let secret: Secret
    private let client: HTTPClient
    /// What it said of itself last, which hardly ever changes.
    private let known = Locked<(description: JSON, at: Instant)?>(nil)
    private static let freshness = TimeSpan.minutes(5)

    package init(_ settings: Settings, secret: Secret) {
        self.settings = settings
        self.secret = secret
        client = HTTPClient(addressPolicy: .any, maximumConnectionsPerHost: 2)
    }

    /// Where a person is sent to say who he is.
    ///
    /// - parameter callback: where he comes back to.
    package func address(for attempt: Attempt, callback: String, at now: Instant) async throws -> String {
        let endpoint = try await describe("authorization_endpoint", at: now)
        let challenge = Base64.url.encode(SHA256.digest(of: attempt.verifier))
        let query = [
            ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", callback),
            ("scope", "openid email profile"), ("state", attempt.state), ("nonce", attempt.nonce),
            ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ]
        return endpoint + (endpoint.contains("?") ? "&" : "?") + Self.form(query)
    }

    /// Who came back with a code: the value of the claim.
    ///
    /// The answer comes from the provider itself over TLS, which stands in for the signature (section 3.1.3.7 of the
    /// specification, 6).
    package func identify(_ code: String, _ attempt: Attempt, callback: String, at now: Instant) async throws -> String
    {
        var request = Request(
            method: "POST", url: try await describe("token_endpoint", at: now),
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array(
                Self.form([
                    ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback),
                    ("client_id", settings.clientID), ("code_verifier", attempt.verifier),
                ]).utf8))
        let password = String(decoding: secret.copyBytes(), as: UTF8.self)
        // RFC 6749 section 2.3.1.
        let pair = "\(PercentEncoding.encode(settings.clientID)):\(PercentEncoding.encode(password))"
        request.headers.append(("Authorization", "Basic \(Base64.standard.encode(Array(pair.utf8)))"))
        let answer = try await send(request)
        guard let token = answer["id_token"]?.string else { throw Refusal("the provider did not say who it is") }
        return try IDToken(token).person(for: settings, attempt, at: now)
    }

    // MARK: - Asking it

    /// A member of what it says of itself (OpenID Connect Discovery 1.0, section 4).
    private func describe(_ member: String, at now: Instant) async throws -> String {
        let description = try await describe(at: now)
        guard let endpoint = description[member]?.string, Self.isSafe(endpoint) || !Self.isSafe(settings.issuer) else {
            throw Refusal("the provider tells of no \(member) over https")
        }
        return endpoint
    }

    private func describe(at now: Instant) async throws -> JSON {
        let last = known.withLock(\.self)
        if let last, last.at <= now, now - last.at < Self.freshness { return last.description }
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let description = try await send(Request(url: "\(base)/.well-known/openid-configuration"))
        guard description["issuer"]?.string == settings.issuer else {
            throw Refusal("the provider describes itself as another issuer than \(settings.issuer)")
        }
        known.withLock { $0 = (description, now) }
        return description
    }

    private static func isSafe(_ address: String) -> Bool { address.hasPrefix("https://") }

    private func send(_ request: Request) async throws -> JSON {
        var request = request
        request.timeout = .seconds(10)
        request.maximumResponseBytes = Self.mostBytes
        request.certificateAuthorityFile = settings.authorities
        let response: Response
        do throws(HTTPError) { response = try await client.send(request) } catch {
            throw Refusal("the provider cannot be reached: \(error)")
        }
        let document = try? JSON.parse(response.body, maximumBytes: Self.mostBytes)
        guard response.status == 200, let document else {
            let code = document?["error"]?.string.map { ": \(abridged($0))" } ?? ""
            throw Refusal("the provider answered \(response.status)\(code)")
        }
        return document
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }
}
