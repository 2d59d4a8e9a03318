/// The steps of a rotation (DESIGN section 5) that have just been done, in the order in which a whole one takes
/// them. A process may die after each of them: crash tests see to it that it does.
package enum RotationStep: String, CaseIterable, Sendable {
    case claimed
    case probed
    /// Every vault lets us write.
    case permitted
    case minted
    case armed
    /// Written down, and not a byte has left.
    case sending
    /// The vault has answered, yes or no.
    case written
    /// It holds the value.
    case readBack = "read-back"
    case verified
    case promoted
    /// Every destination holds the current value.
    case guarded
    case retired

    /// A rotation that an earlier pass left has been found.
    case found
    /// Its destinations have been read.
    case reread
    /// One of them holds the value that was pending.
    case valueFound = "value-found"
    /// A write was accepted that keeps a late one out.
    case fenceWritten = "fence-written"
    case fenced
    /// The value can appear nowhere, and was revoked.
    case lostRevoked = "lost-revoked"
    /// The value may have been seen, and stays valid.
    case lostKept = "lost-kept"
    /// Why it waits has been written down.
    case stalled
}
