import Engine
import JSON
import RotaCore
import SQLite

/// What may be written over although nobody minted it.
extension SQLStore {
    func adopt(
        _ destination: Destination, of id: TokenID, holding digest: Digest, change: Change
    ) throws -> Bool {
        try requireReconciled()
        let values: [Value] = [
            .of(id), .integer(destination.id), .of(destination.baseline), .of(digest),
        ]
        guard try driver.execute(.adoptDestination, values) == 1 else { return false }
        var after: JSON.Object = [
            "destination": .string(destination.description), "destination_id": .integer(destination.id),
            "baseline": .string(digest.description),
        ]
        if let replaced = destination.baseline { after["replaced"] = .string(replaced.description) }
        let before: JSON.Object = destination.baseline.map { ["baseline": .string($0.description)] } ?? [:]
        try concludeDestinations("token.destination.adopt", of: id, change, before: before, after)
        return true
    }
}
