import Engine
import JSON
import RotaCore
import SQLite

/// What a restored store takes back from what it has lost.
extension SQLStore {
    func adoptVersion(_ lost: LostVersion, supersedes overlap: TimeSpan?, change: Change) throws -> Int? {
        let id = lost.tokenID
        let former = try versions(of: id).first { $0.state == .current }
        // In this order: a token has one current version at every instant. Undone with it where there is no adoption.
        return try savepointOrNil {
            if let overlap, former != nil { try driver.execute(.demoteCurrent, [.of(id), .of(change.at + overlap)]) }
            let state: VersionState = overlap == nil ? .unconfirmed : .current
            let values: [Value] = [
                .of(id), .text(state.rawValue), .of(lost.digest), .text(lost.hint), .of(lost.issuedAt),
            ]
            guard let number = try driver.first(.adoptVersion, values, { $0.integer(0) }) else { return nil }
            for place in lost.places {
                try driver.execute(
                    .adoptPush,
                    [
                        .of(id), .integer(number), .integer(place.destination.id),
                        .text(overlap == nil ? "sending" : "verified"), .text(place.base), .of(change.at),
                    ])
            }
            if let overlap, let former {
                try driver.execute(
                    .adoptOverlap,
                    [
                        .of(id), .of(former.number), .integer(number), .of(overlap), .of(change.at),
                        .text(change.actor.name), .text(change.cause),
                    ])
            }
            let rotation = try overlap == nil || former == nil ? nil : rotation(of: id)?.id
            try conclude(
                "version.adopt", id, change,
                [
                    "version": .integer(number), "state": .string(state.rawValue),
                    "digest": .string(lost.digest.description), "previous": .of(overlap == nil ? nil : former?.number),
                    "destinations": .of(lost.places.map(\.destination.id)), "issued_at": .of(lost.issuedAt),
                    "previous_ends_at": .of(overlap.map { change.at + $0 }),
                    "rotation": rotation.map { .integer($0) } ?? .null,
                ])
            return Int(number)
        }
    }

    func retireAgain(_ token: TokenID, version: Int, change: Change) throws -> Bool {
        guard try driver.execute(.retireAgain, [.of(token), .of(version), .of(change.at)]) == 1 else { return false }
        try driver.execute(.finishRotation, [.of(token)])
        try conclude(
            "version.retire", token, change,
            ["version": .integer(version), "state": "revoked", "replayed": true])
        try emit("token.version_retired", about: token, change, ["version": .integer(version), "replayed": true])
        return true
    }

    func keepHeld(_ token: TokenID, version: Int, until end: Instant, change: Change) throws -> Bool {
        guard try driver.execute(.keepHeld, [.of(token), .of(version), .of(end)]) == 1 else { return false }
        try conclude("version.end_later", token, change, ["version": .of(version), "ends_at": .of(end)])
        return true
    }

    /// Runs `body` so that nothing of it stays where it answers nil.
    private func savepointOrNil<R>(_ body: () throws -> R?) throws -> R? {
        do {
            return try driver.savepoint {
                guard let result = try body() else { throw NothingDone() }
                return result
            }
        } catch is NothingDone {
            return nil
        }
    }
}

private struct NothingDone: Error {}
