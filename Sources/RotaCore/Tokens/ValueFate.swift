/// What has become of one value of a token, for whoever holds it.
package struct ValueFate: Hashable, Sendable {
    /// How a value stands.
    package enum Standing: String, Sendable, CaseIterable {
        /// Accepted, and to be used.
        case valid
        /// Accepted still, for its overlap: another value has taken its place.
        case replaced
        /// Nothing is accepted of its token until somebody restores it.
        case quarantined
        /// Ended: its overlap is over.
        case rotated
        /// Ended: its token was revoked, or it was given up before it came into use.
        case revoked
        /// Ended: its token has come to its end.
        case expired

        package var isAccepted: Bool { self == .valid || self == .replaced }
    }

    package var standing: Standing
    /// Since when it stands so; nil for one that is valid, and where nobody knows.
    package var since: Instant?
    /// The value that has taken its place; nil where none has, or that one has ended, too.
    package var successor: Version?

    /// - parameters:
    ///   - version: the value.
    ///   - versions: all of its token.
    ///   - quarantinedAt: since when its token is quarantined, for one that is.
    ///   - replacedAt: when a newer value became current in its place, where that is known.
    package init(
        of version: Version, among versions: [Version], of token: Token, quarantinedAt: Instant? = nil,
        replacedAt: Instant? = nil, at now: Instant
    ) {
        // What ended the token ended every value of it, and nothing is to be had in place of it.
        switch token.state {
        case .revoked: self.init(.revoked, since: token.end?.at ?? version.endedAt)
        case .expired: self.init(.expired, since: token.expiresAt ?? token.end?.at)
        case .active where !token.canAuthenticate(at: now): self.init(.expired, since: token.expiresAt)
        case .quarantined where token.expiresAt.map({ $0 <= now }) ?? false:
            self.init(.expired, since: token.expiresAt)
        case .active, .quarantined:
            let successor = versions.last { $0.state == .current && $0.number > version.number }
            if !version.state.authenticates {
                self.init(successor == nil ? .revoked : .rotated, since: version.endedAt, successor: successor)
            } else if token.state == .quarantined {
                self.init(.quarantined, since: quarantinedAt, successor: successor)
            } else {
                self.init(
                    successor == nil ? .valid : .replaced, since: successor == nil ? nil : replacedAt,
                    successor: successor)
            }
        }
    }

    private init(_ standing: Standing, since: Instant?, successor: Version? = nil) {
        self.standing = standing
        self.since = since
        self.successor = successor
    }

    /// One sentence for people.
    package var message: String {
        let when = since.map { " at \($0)" } ?? ""
        return switch standing {
        case .valid: "the value is accepted"
        case .replaced: "the value was replaced\(when) and is accepted for its overlap only: read the new one"
        case .quarantined: "the token was quarantined\(when): ask its owner, or who operates Rota"
        case .rotated: "the value was replaced, and ended\(when): read the new one"
        case .revoked: "the token was revoked\(when)"
        case .expired: "the token expired\(when)"
        }
    }
}
