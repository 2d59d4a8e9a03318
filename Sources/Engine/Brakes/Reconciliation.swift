package import RotaCore

/// How a store differs from what the vaults hold and an exported audit log says: what a reconciliation would do.
package struct Reconciliation: Sendable {
    /// A value that the store has lost.
    package struct Loss: Sendable {
        /// What is done about it.
        package enum Cure: String, Hashable, Sendable {
            /// It becomes the current version: every destination of its token holds it.
            case adopt
            /// It is accepted again, until a rotation has replaced it.
            case adoptAndRotate = "adopt-and-rotate"
            /// It is left refused, since it was ended, or cannot be taken back; the token is rotated at once.
            case rotate
        }

        package var version: LostVersion
        package var name: String
        package var cure: Cure
        package var why: String
    }

    /// A version that was retired in a life of the store that it does not remember.
    ///
    /// Its value was ended in the ordinary course of things, and for no cause: so it may wait, and nobody who reads it
    /// from a destination is locked out (I1). What was revoked does not (I5).
    package struct Retirement: Sendable {
        package var value: ExportedAudit.Value
        package var name: String
        /// Destinations that hold it again: it is accepted until the overlap of the rotation that follows is over.
        package var heldBy: [Destination] = []
        /// Destinations that may hold it: it is accepted until the guard has read them.
        package var unreadable: [Destination] = []

        /// Whether nothing is in the way.
        package var isDue: Bool { heldBy.isEmpty && unreadable.isEmpty }
    }

    /// A token that was taken out of use, or put back into it, in a life of the store that it does not remember.
    package struct Switching: Sendable {
        package var token: TokenID
        package var name: String
        package var last: FormerLife.Switch
    }

    /// Which store it is, and in which life.
    package var identity: StoreIdentity
    /// Why it is in safe mode; nil where it is not, and somebody knows better.
    package var doubt: StoreDoubt?
    /// How many destinations were read.
    package var places = 0
    package var losses: [Loss] = []
    /// Destinations that hold a value which is not accepted, of tokens that are: those are rotated at once.
    package var ended: [SurveyedPlace] = []
    /// Destinations that hold what nobody minted, or another token's value: told, and never touched.
    package var foreign: [SurveyedPlace] = []
    /// Tokens that the exported log has seen made and the store does not know: nobody's values are accepted for them.
    package var forgotten: [(id: TokenID, name: String)] = []
    package var unreadable: [SurveyedPlace] = []
    package var writeOnly = 0
    /// Tokens that are revoked again, with why, by name.
    package var revocations: [(token: Token, cause: String)] = []
    /// Versions that are retired again where they are not the current one, by the names of their tokens.
    package var retirements: [Retirement] = []
    /// Tokens that are quarantined or restored again, by name.
    package var switches: [Switching] = []

    /// Tokens that are to be rotated once the store is let go.
    package var rotations: Set<TokenID> {
        let called =
            losses.filter { $0.cure != .adopt }.map(\.version.tokenID) + ended.map(\.token.id)
            + retirements.filter { !$0.heldBy.isEmpty }.map(\.value.token)
        return Set(called).subtracting(revocations.map(\.token.id))
            .subtracting(switches.filter(\.last.isOff).map(\.token))
    }

    package func count(_ cure: Loss.Cure) -> Int { losses.count { $0.cure == cure } }

    /// What the audit entry sums up.
    var totals: [String: Int] {
        [
            "destinations": places, "adopted": count(.adopt) + count(.adoptAndRotate), "rotations": rotations.count,
            "revoked_again": revocations.count,
            "retired_again": retirements.count(where: \.isDue),
            "retired_later": retirements.count { !$0.isDue },
            "quarantined_again": switches.count(where: \.last.isOff),
            "restored_again": switches.count { !$0.last.isOff }, "foreign": foreign.count, "forgotten": forgotten.count,
            "unreadable": unreadable.count,
        ]
    }
}

/// What a reconciliation did.
package struct Reconciled: Sendable {
    package var identity: StoreIdentity
    package var adopted = 0
    package var revoked = 0
    package var retired = 0
    /// Tokens that are in quarantine again.
    package var quarantined = 0
    package var restored = 0
    /// The names of tokens that were to be in quarantine again and are not: their new values are under way.
    package var notQuarantined: [String] = []
    /// What became of the tokens that were rotated at once.
    package var rotations: [RotationResult] = []
}
