import JSON
package import RotaCore

/// What is known of drift: what the looks found that were made since all destinations were looked at last, as far as
/// nothing has happened to those places since.
package struct KnownDrift: Hashable, Sendable {
    /// How many looks are put together.
    fileprivate static let mostLooks = 100

    /// One destination that was not as it was left.
    package struct Place: Hashable, Sendable {
        package var token: Token
        /// `vault:path#field`.
        package var destination: String
        package var drift: Drift
        package var seenAt: Instant
    }

    /// When somebody looked last, be it at some places only.
    package var lookedAt: Instant
    /// When all were looked at; nil: never, or too many looks ago.
    package var allLookedAt: Instant?
    /// In the order in which they were told.
    package var places: [Place] = []
    /// How many more drifted that were counted only.
    package var untold = 0
    /// How many the last look could not read.
    package var unreadable: Int

    /// Nil when nobody has looked.
    init?(_ store: some StoreReads) throws {
        var looks: [(at: Instant, look: DriftLook)] = []
        try store.eachAuditEntry(below: .max, object: DriftLook.object) { entry in
            guard let look = DriftLook(entry) else { return true }
            looks.append((entry.at, look))
            return !look.isWhole && looks.count < Self.mostLooks
        }
        guard let latest = looks.first else { return nil }
        lookedAt = latest.at
        unreadable = latest.look.unreadable
        allLookedAt = looks.last.flatMap { $0.look.isWhole ? $0.at : nil }
        var found: [(at: Instant, place: DriftLook.Place)] = []
        var counted: [DriftLook] = []
        for (at, look) in looks.reversed() {
            found.removeAll { look.covers($0.place) }
            found += look.places.map { (at, $0) }
            counted.removeAll { look.covers($0) }
            counted.append(look)
        }
        untold = counted.reduce(0) { $0 + $1.drifted - $1.places.count }
        places = try found.compactMap { try Place($0.place, seenAt: $0.at, in: store) }
    }
}

extension KnownDrift.Place {
    /// Nil when the place is not the token's any more, or a rotation has written to it since.
    fileprivate init?(_ place: DriftLook.Place, seenAt: Instant, in store: some StoreReads) throws {
        guard let token = try store.token(place.tokenID), token.end == nil,
            token.values.current == place.version,
            try store.destinations(of: token.id).contains(where: { $0.description == place.destination })
        else { return nil }
        self.init(token: token, destination: place.destination, drift: place.drift, seenAt: seenAt)
    }
}

extension DriftLook {
    /// Whether all destinations were looked at.
    fileprivate var isWhole: Bool { token == nil && vault == nil }

    /// Whether the place was looked at again, whatever was found.
    fileprivate func covers(_ place: Place) -> Bool {
        (token ?? place.tokenID) == place.tokenID
            && vault.map { Destination(place.destination)?.vault == $0 } ?? true
    }

    /// Whether all was looked at again that an earlier look was at.
    fileprivate func covers(_ earlier: DriftLook) -> Bool {
        (token == nil || token == earlier.token) && (vault == nil || vault == earlier.vault)
    }

    /// Whether there may be a place that both were at.
    fileprivate func mayMeet(_ other: DriftLook) -> Bool {
        (token == nil || other.token == nil || token == other.token)
            && (vault == nil || other.vault == nil || vault == other.vault)
    }

    /// Reads what `recordDrift` wrote; nil for anything else.
    fileprivate init?(_ entry: AuditEntry) {
        guard entry.action == Self.action,
            let after = try? JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)["after"],
            let destinations = after["destinations"]?.integer, let drifted = after["drifted"]?.integer,
            let unreadable = after["unreadable"]?.integer, let places = after["places"]?.array
        else { return nil }
        self.init(
            token: after["token_id"]?.string.map { TokenID($0) }, vault: after["vault"]?.string,
            destinations: Int(destinations), unreadable: Int(unreadable), places: places.compactMap(Place.init))
        self.drifted = Int(drifted)
    }
}

extension DriftLook.Place {
    fileprivate init?(_ json: JSON) {
        guard let id = json["token_id"]?.string, let destination = json["destination"]?.string,
            let drift = json["finding"]?.string.flatMap(Drift.init)
        else { return nil }
        self.init(
            tokenID: TokenID(id), destination: destination, drift: drift,
            version: json["version"]?.integer.map { Int($0) })
    }
}

extension StoreReads {
    /// What is known of drift; nil when nobody has looked.
    package func knownDrift() throws -> KnownDrift? { try KnownDrift(self) }

    /// Whether a look less than a day ago at the same found the same, and none since was at any of its places: then
    /// there is nothing to write down.
    package func isKnown(_ look: DriftLook, at now: Instant) throws -> Bool {
        var (isKnown, count) = (false, 0)
        try eachAuditEntry(below: .max, object: DriftLook.object) { entry in
            count += 1
            guard now - entry.at < DriftLook.longestKnown, let earlier = DriftLook(entry) else { return false }
            if earlier.mayMeet(look) {
                isKnown = earlier == look
                return false
            }
            return count < KnownDrift.mostLooks
        }
        return isKnown
    }
}
