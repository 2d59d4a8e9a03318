package import RotaCore

/// The uses of one version of one token on one day of UTC, summed up.
package struct UseTally: Hashable, Sendable {
    /// Which sum a use belongs to.
    package struct Key: Hashable, Sendable {
        package var tokenID: TokenID
        /// 0: it is not known which version it was.
        package var version: Int
        /// Its midnight.
        package var day: Instant

        package init(tokenID: TokenID, version: Int, day: Instant) {
            self.tokenID = tokenID
            self.version = version
            self.day = day
        }
    }

    /// Uses with one outcome.
    package struct Side: Hashable, Sendable {
        package var count: Int
        /// Nil when there was none.
        package var last: Instant?
        package var sources: Sightings
        package var agents: Sightings

        package init(
            count: Int = 0, last: Instant? = nil, sources: Sightings = Sightings(), agents: Sightings = Sightings()
        ) {
            self.count = count
            self.last = last
            self.sources = sources
            self.agents = agents
        }
    }

    package static let mostSources = 16
    package static let mostAgents = 8
    package static let mostScopes = 64
    static let longestSource = 64
    static let longestAgent = 120
    static let longestScope = 128

    package var key: Key
    package var accepted: Side
    package var refused: Side
    /// Those that accepted uses needed.
    package var scopes: Sightings

    package init(
        key: Key, accepted: Side = Side(), refused: Side = Side(), scopes: Sightings = Sightings()
    ) {
        self.key = key
        self.accepted = accepted
        self.refused = refused
        self.scopes = scopes
    }

    /// Adds `count` like uses, the last of which is `use`.
    package mutating func add(_ use: Use, count: Int = 1) {
        switch use.outcome {
        case .accepted:
            accepted.add(use, count: count)
            for scope in use.scopes { scopes.add(scope, count: Self.mostScopes, length: Self.longestScope) }
        case .refused:
            refused.add(use, count: count)
        }
    }

    /// Adds the sum of other uses of the same version on the same day.
    package mutating func merge(_ other: UseTally) {
        accepted.merge(other.accepted)
        refused.merge(other.refused)
        scopes.merge(other.scopes, count: Self.mostScopes)
    }
}

extension UseTally {
    func isLater(than now: Instant) -> Bool {
        key.day > now || accepted.last.map { $0 > now } ?? false || refused.last.map { $0 > now } ?? false
    }

    /// The same uses, taken to have been no later than an instant.
    func notLater(than now: Instant) -> UseTally {
        var tally = self
        tally.key.day = min(key.day, now.midnight)
        tally.accepted.last = accepted.last.map { min($0, now) }
        tally.refused.last = refused.last.map { min($0, now) }
        return tally
    }
}

extension UseTally.Key {
    init(_ use: Use) {
        self.init(tokenID: use.tokenID, version: use.version, day: use.at.midnight)
    }
}

extension UseTally.Side {
    fileprivate mutating func add(_ use: Use, count: Int) {
        self.count += count
        last = Swift.max(last ?? use.at, use.at)
        if let source = use.source {
            sources.add(source, count: UseTally.mostSources, length: UseTally.longestSource)
        }
        if let agent = use.agent {
            agents.add(agent, count: UseTally.mostAgents, length: UseTally.longestAgent)
        }
    }

    mutating func merge(_ other: UseTally.Side) {
        count += other.count
        last = [last, other.last].compactMap(\.self).max()
        sources.merge(other.sources, count: UseTally.mostSources)
        agents.merge(other.agents, count: UseTally.mostAgents)
    }
}
