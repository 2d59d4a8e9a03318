package import RotaCore

/// What stops everything destructive, and how it is let go again.
package protocol BrakeChanges {
    /// What this machine has kept of its clocks; nil where nothing is, or the store is in doubt.
    func clockMark() -> ClockMark?
    /// Keeps it, once the transaction is committed; never of a store that is in doubt.
    func keepClock(_ mark: ClockMark)
    /// Why the clock that this process goes by cannot be acted on, for `brake(at:)` to tell; nil where it can.
    func distrustClock(_ doubt: ClockDoubt?)
    /// Has the clock looked at whenever `brake(at:)` is asked for, which every transition does that destroys something:
    /// so that none is done by a clock that has just jumped. Nil: nobody looks.
    func watchClock(by look: (@Sendable () -> ClockDoubt?)?)

    /// Has `brake(at:)` tell of the freezes that are known beforehand, too; nil: there are none.
    func followCalendar(_ calendar: FreezeCalendar?)

    /// Stops everything destructive, in the place of an earlier freeze; event `store.frozen`.
    func freeze(_ freeze: Freeze, change: Change) throws
    /// Ends it; event `store.unfrozen`. False when there is none.
    func unfreeze(change: Change) throws -> Bool

    /// Takes a value back that a restored store has lost and that destinations hold. Answers its number; nil when the
    /// token is not active, the value is some token's, or three of its values are valid already.
    ///
    /// - parameter supersedes: it becomes the current one, and the one that was ends with the overlap; only where no
    ///   rotation of the token is open. Else it is `unconfirmed`, which a rotation replaces.
    func adoptVersion(_ lost: LostVersion, supersedes overlap: TimeSpan?, change: Change) throws -> Int?
    /// Retires a version that was retired in a life of the store that it does not remember; event
    /// `token.version_retired`. False when it is the current one, or does not authenticate, or the current one is not
    /// verified in every destination that it was ever sent to.
    func retireAgain(_ token: TokenID, version: Int, change: Change) throws -> Bool
    /// Of an older version that a destination holds again: its end moves to this, and never back. Answers whether it
    /// did.
    func keepHeld(_ token: TokenID, version: Int, until end: Instant, change: Change) throws -> Bool
    /// Ends the doubt about the store: its next generation begins, under a new name where one is given, and what
    /// it is is written down beside it; event `store.reconciled`. False when somebody else has done so.
    ///
    /// - Parameters:
    ///   - identity: as it was looked at; the number is above that, and above what lies beside the store.
    ///   - id: drawn for this life alone.
    func beginGeneration(
        after identity: StoreIdentity, id: String, instance: String?, totals: [String: Int], change: Change
    ) throws -> Bool
}

/// A value that destinations hold and the store does not know, in the layout of our own.
package struct LostVersion: Hashable, Sendable {
    /// A destination that holds it, and the base at which it was read.
    package struct Place: Hashable, Sendable {
        package var destination: Destination
        package var base: String

        package init(destination: Destination, base: String) {
            self.destination = destination
            self.base = base
        }
    }

    package var tokenID: TokenID
    package var digest: Digest
    package var hint: String
    package var places: [Place]
    /// Since when it can have been there: it is not known better.
    package var issuedAt: Instant

    package init(tokenID: TokenID, digest: Digest, hint: String, places: [Place], issuedAt: Instant) {
        self.tokenID = tokenID
        self.digest = digest
        self.hint = hint
        self.places = places
        self.issuedAt = issuedAt
    }
}
