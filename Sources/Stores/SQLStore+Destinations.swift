import Engine
import JSON
import RotaCore
import SQLite

/// The places where a token's value is to live. One place holds the value of one live token.
extension SQLStore {
    func holder(of place: Destination, otherThan id: TokenID?) throws -> Token? {
        let values: [Value] = [
            .text(place.vault), .text(place.path), .text(place.field ?? ""), .text(id?.text ?? ""),
        ]
        return try driver.first(.holderOfPlace, values, decode)
    }

    /// Two tokens in one place would each overwrite the other's value, or be blocked by it for ever.
    func requireFree(_ places: [Destination], for id: TokenID) throws {
        for place in places {
            guard let other = try holder(of: place, otherThan: id) else { continue }
            throw StoreError.placeTaken(place.description, by: other.name)
        }
    }

    func addDestination(_ destination: Destination, to id: TokenID, change: Change) throws {
        try requireReconciled()
        guard try token(id) != nil else { throw StoreError.failed("there is no token \(id)") }
        try requireFree([destination], for: id)
        try requireNoLateWrite(to: destination, for: id, at: change.at)
        guard let number = try insert(destination, of: id) else { return }
        var after: JSON.Object = [
            "destination": .string(destination.description), "destination_id": .integer(number),
        ]
        if let baseline = destination.baseline { after["baseline"] = .string(baseline.description) }
        // A value that is on its way goes there, too. What was proved before the place was taken away no longer is.
        if let pending = try versions(of: id).first(where: { $0.state == .pending })?.number {
            try driver.execute(.doubtPush, [.of(id), .of(pending), .integer(number), .of(change.at)])
            try driver.execute(.addPush, [.of(id), .of(pending), .integer(number), .of(change.at)])
            after["version"] = .integer(Int64(pending))
        }
        try concludeDestinations("token.destination.add", of: id, change, after)
    }

    /// A place that was given up while a value was on its way there comes back, to whichever token, when that one can
    /// arrive no more, if it has ended meanwhile (decision 0020): else consumers could be given what is refused.
    func requireNoLateWrite(to destination: Destination, for id: TokenID, at now: Instant) throws {
        let values: [Value] = [
            .text(destination.vault), .text(destination.path), .text(destination.field ?? ""),
            .of(now - Destination.longestPause), .of(id), .integer(ClockReading.tolerance.seconds),
        ]
        guard let left = try driver.first(.lateWrite, values, { $0.instant(0) }) else { return }
        throw StoreError.refused(
            "a value that has ended may still be on its way to \(destination), which was given up at \(left)",
            hint: "take another place, or this one after \(left + Destination.longestPause)")
    }

    /// Nil when it is there already.
    func insert(_ destination: Destination, of id: TokenID) throws -> Int64? {
        let values = place(destination, of: id) + [.of(destination.baseline)]
        return try driver.first(.addDestination, values) { $0.integer(0) }
    }

    /// The first ones of a new token, which have no numbers that anybody asks for.
    func place(_ destinations: [Destination], of id: TokenID) throws {
        for destination in destinations {
            try driver.execute(.placeDestination, place(destination, of: id) + [.of(destination.baseline)])
        }
    }

    func destinationCounts() throws -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: try driver.all(.destinationCounts, []) { ($0.text(0), $0.count(1)) })
    }

    func removeDestination(_ destination: Destination, from id: TokenID, change: Change) throws -> Bool {
        try requireReconciled()
        if try rotation(of: id)?.phase == .open, try destinations(of: id).count == 1 { return false }
        let values = place(destination, of: id) + [.of(change.at)]
        let removed = try driver.first(.removeDestination, values) { $0.integer(0) }
        guard let removed else { return false }
        try concludeDestinations(
            "token.destination.remove", of: id, change,
            ["destination": .string(destination.description), "destination_id": .integer(removed)])
        return true
    }

    private func place(_ destination: Destination, of id: TokenID) -> [Value] {
        [.of(id), .text(destination.vault), .text(destination.path), .text(destination.field ?? "")]
    }

    /// Counts them again, and writes the audit entry.
    func concludeDestinations(
        _ action: String, of id: TokenID, _ change: Change, before: JSON.Object = [:], _ after: JSON.Object
    ) throws {
        try driver.execute(.hastenAttempt, [.of(id), .of(change.at)])
        let revision = try driver.first(.countDestination, [.of(id)]) { $0.integer(0) }
        try audit(action, of: id.text, change, before: before, after.with("revision", revision))
    }
}
