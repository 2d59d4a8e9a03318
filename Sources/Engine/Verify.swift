package import Crypto
package import RotaCore

/// What a value is worth at one instant.
package enum Verification: Sendable {
    case accepted(token: Token, version: Version)
    /// It was a value of this token, and is not accepted now.
    case refused(token: Token, version: Version)
    /// Nobody's value, or a typo.
    case unknown
}

/// Judges a value by the store's state at this very instant; looking is no use.
///
/// A value of our own layout with a wrong checksum is a typo: `lookUp` is not called for it. Other values
/// may belong to imported tokens.
package func judge(
    _ value: Secret, at now: Instant, lookUp: (Digest) throws -> (token: Token, version: Version)?
) rethrows -> Verification {
    let bytes = value.copyBytes()
    if TokenValue.hasLayout(bytes), !TokenValue.hasChecksum(bytes) { return .unknown }
    guard let digest = TokenValue.digest(of: value), let found = try lookUp(digest) else { return .unknown }
    guard found.token.canAuthenticate(at: now), found.version.state.authenticates else {
        return .refused(token: found.token, version: found.version)
    }
    return .accepted(token: found.token, version: found.version)
}

/// The token that a value authenticates at `now`, with the version that it is; nil when it does not.
package func verify(
    _ value: Secret, at now: Instant, lookUp: (Digest) throws -> (token: Token, version: Version)?
) rethrows -> (token: Token, version: Version)? {
    guard case .accepted(let token, let version) = try judge(value, at: now, lookUp: lookUp) else { return nil }
    return (token, version)
}
