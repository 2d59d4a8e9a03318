package import RotaCore

/// That a live token is not in the list of its issuer any more.
package struct Absence: Hashable, Sendable {
    /// When it was first looked for in vain.
    package var since: Instant
    /// The name of the file that did not have it then.
    package var file: String

    package init(since: Instant, file: String) {
        self.since = since
        self.file = file
    }
}

/// What can be asked about tokens that their issuers' lists do not have any more.
package protocol AbsenceReads {
    /// Nil where it is in its issuer's list, as far as that was looked at, or has ended.
    func absence(of id: TokenID) throws -> Absence?
    func countAbsent() throws -> Int
    /// Live tokens that are missing, the longest first, then by id; `each` returns false to stop.
    func eachAbsent(_ each: (Token, Absence) throws -> Bool) throws
}

/// What an import finds out about them. Both are audited; neither changes the token.
package protocol AbsenceChanges {
    /// Notes that a token is not in the list any more. False when that was known, or it is not a live one. Its end
    /// ends its absence, too.
    func noteAbsence(of id: TokenID, from file: String, change: Change) throws -> Bool
    /// Notes that it is there again. False when it was not missing.
    func endAbsence(of id: TokenID, change: Change) throws -> Bool
}
