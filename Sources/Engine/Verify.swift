package import Crypto
package import RotaCore

/// The token that a value authenticates at `now`, with the version that it is; nil when it does not. Looking is no use.
///
/// A value of our own layout with a wrong checksum is a typo: `lookUp` is not called for it. Other values may belong
/// to imported tokens.
package func verify(
    _ value: Secret, at now: Instant, lookUp: (Digest) throws -> (token: Token, version: Version)?
) rethrows -> (token: Token, version: Version)? {
    guard let digest = value.withSpan(TokenValue.digestUnlessMistyped), let found = try lookUp(digest),
        found.token.canAuthenticate(at: now), found.version.state.authenticates
    else { return nil }
    return found
}
