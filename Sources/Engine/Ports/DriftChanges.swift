package import RotaCore

/// What a look at destinations found, as it is written down. It says nothing of what has happened since.
package struct DriftLook: Hashable, Sendable {
    /// What its audit entry says was done, and to what.
    package static let action = "vault.drift"
    package static let object = "destinations"
    /// How many places are written down one by one; more are counted only.
    package static let mostPlaces = 1_000
    /// For how long a look that finds the same again is not written down.
    package static let longestKnown = TimeSpan.days(1)

    /// One destination that is not as it was left.
    package struct Place: Hashable, Sendable {
        package var tokenID: TokenID
        /// `vault:path#field`.
        package var destination: String
        package var drift: Drift
        /// The token's current version then; nil when it had none.
        package var version: Int?

        package init(tokenID: TokenID, destination: String, drift: Drift, version: Int?) {
            self.tokenID = tokenID
            self.destination = destination
            self.drift = drift
            self.version = version
        }
    }

    /// The only token that was looked at; nil: all that live.
    package var token: TokenID?
    /// The only vault that was looked into; nil: all.
    package var vault: String?
    /// How many were looked at.
    package var destinations: Int
    package var unreadable: Int
    package var drifted: Int
    /// The first of those that drifted.
    package var places: [Place]

    /// - parameter places: all that drifted; the first ones are kept.
    package init(token: TokenID?, vault: String?, destinations: Int, unreadable: Int, places: [Place]) {
        self.token = token
        self.vault = vault
        self.destinations = destinations
        self.unreadable = unreadable
        drifted = places.count
        self.places = Array(places.prefix(Self.mostPlaces))
    }
}

/// What is remembered of drift: the log of what was looked at.
package protocol DriftChanges {
    /// Writes one audit entry, and no event: whoever looks is told.
    func recordDrift(_ look: DriftLook, change: Change) throws
}
