package import Engine
package import JSON
package import RotaCore

/// That a token is not in its issuer's list any more, as `token show` and `token list --missing` tell it.
package enum AbsenceDocument {
    package static func json(_ absence: Absence?) -> JSON {
        guard let absence else { return .null }
        return ["since": TokenDocument.time(absence.since), "file": .string(absence.file)]
    }

    package static func sentence(_ absence: Absence, at now: Instant) -> String {
        "from its issuer's list since \(spoken(absence.since, from: now)): first not in \(absence.file); "
            + "if it is gone, end it by 'rota token revoke'"
    }
}
