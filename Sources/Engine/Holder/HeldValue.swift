package import RotaCore

/// A value that somebody came with, and what he may know of it.
package struct HeldValue: Sendable {
    package var token: Token
    package var version: Version
    /// All of the token's versions.
    package var versions: [Version]
    package var fate: ValueFate
    /// The rotation that its token is in; nil where it is in none.
    package var rotation: Rotation?

    /// How it stands in the store; nil where it is nobody's.
    package init?(with digest: Digest, in store: some StoreReads, at now: Instant) throws {
        guard let (token, version) = try store.version(with: digest) else { return nil }
        self.token = token
        self.version = version
        versions = try store.versions(of: token.id)
        rotation = try store.rotation(of: token.id)
        let quarantine = token.state == .quarantined ? try store.quarantine(of: token.id) : nil
        // An older value's promotion is that of a rotation which is over, and is not looked for.
        let replacedAt = rotation.flatMap { $0.fromVersion == version.number ? $0.promotedAt : nil }
        fate = ValueFate(
            of: version, among: versions, of: token, quarantinedAt: quarantine?.since, replacedAt: replacedAt, at: now)
    }

    /// Its rotation is claimed, and the new value is not everywhere yet.
    package var isUnderWay: Bool { rotation?.phase == .open }
}
