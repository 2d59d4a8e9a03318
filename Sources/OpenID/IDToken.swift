import Crypto
import JSON
import RotaCore

/// What a provider says of who a person is (OpenID Connect Core 1.0, section 2).
///
/// Its signature is not looked at: it comes from the provider itself over TLS, which stands in for it.
struct IDToken: Sendable {
    /// How far the provider's clock may be off.
    private static let leeway = TimeSpan.minutes(1)

    private let claims: JSON

    /// - throws: `OpenIDProvider.Refusal` where it cannot be read.
    init(_ token: String) throws(OpenIDProvider.Refusal) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.url.decode(String(parts[1])),
            let claims = try? JSON.parse(bytes, maximumBytes: OpenIDProvider.mostBytes)
        else { throw OpenIDProvider.Refusal("the provider's ID token cannot be read") }
        self.claims = claims
    }

    /// The value of the claim that a person is known by, once all that has to be is as it has to be (section 3.1.3.7).
    ///
    /// - throws: `OpenIDProvider.Refusal` where it is not for us, now, and for this attempt.
    func person(
        for settings: OpenIDProvider.Settings, _ attempt: OpenIDProvider.Attempt, at now: Instant
    ) throws(OpenIDProvider.Refusal) -> String {
        guard claims["iss"]?.string == settings.issuer else {
            throw OpenIDProvider.Refusal("the ID token is another issuer's")
        }
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.array?.compactMap(\.string) ?? []
        guard audience.contains(settings.clientID),
            audience.count == 1 || claims["azp"]?.string == settings.clientID
        else { throw OpenIDProvider.Refusal("the ID token is for another client") }
        // Whatever number it is: nothing is added to what comes from outside.
        guard let end = claims["exp"]?.integer, Instant(seconds: end) > now - Self.leeway else {
            throw OpenIDProvider.Refusal("the ID token has expired: sign in again")
        }
        guard claims["nonce"]?.string == attempt.nonce else {
            throw OpenIDProvider.Refusal("the ID token is of another attempt")
        }
        guard let value = claims[settings.claim]?.string, !value.isEmpty else {
            throw OpenIDProvider.Refusal("the ID token has no '\(settings.claim)'")
        }
        if settings.claim == "email", claims["email_verified"]?.bool != true {
            throw OpenIDProvider.Refusal("the provider has not verified the address \(value)")
        }
        return value
    }
}
