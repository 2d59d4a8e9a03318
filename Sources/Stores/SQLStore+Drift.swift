import Engine
import JSON
import RotaCore

/// Looks at destinations, as the audit log has them.
extension SQLStore {
    func recordDrift(_ look: DriftLook, change: Change) throws {
        try audit(
            DriftLook.action, of: DriftLook.object, change,
            [
                "destinations": .integer(look.destinations), "drifted": .integer(look.drifted),
                "places": .array(
                    look.places.map { place in
                        [
                            "destination": .string(place.destination), "finding": .string(place.drift.rawValue),
                            "token_id": .string(place.tokenID.text), "version": .of(place.version),
                        ]
                    }),
                "token_id": .of(look.token?.text), "unreadable": .integer(look.unreadable), "vault": .of(look.vault),
            ])
    }
}
