package import Crypto
package import RotaCore

/// The token that a value authenticates at `now`, with the version that it is; nil when it does not.
///
/// A value of our own layout with a wrong checksum is a typo: `lookUp` is not called for it. Other values
/// may belong to imported tokens. The answer is exactly the store's state at this instant; looking is no use.
package func verify(
    _ value: Secret, at now: Instant, lookUp: (Digest) throws -> (token: Token, version: Version)?
) rethrows -> (token: Token, version: Version)? {
    let bytes = value.copyBytes()
    if TokenValue.hasLayout(bytes), !TokenValue.isWellFormed(bytes) { return nil }
    guard let digest = TokenValue.digest(of: value), let found = try lookUp(digest),
        found.token.canAuthenticate(at: now), found.version.state.authenticates
    else { return nil }
    return found
}
