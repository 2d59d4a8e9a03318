package import RotaCore

/// What is known of the use of one token, for whoever looks at it.
package struct UsageSummary: Hashable, Sendable {
    /// The use of one version.
    package struct OfVersion: Hashable, Sendable {
        /// 0: uses that an import told of without saying which version it was.
        package var version: Int
        /// Of all time; nil when none was seen.
        package var lastUsed: Instant?
        /// Midnight of the first day on which one was seen.
        package var firstUsed: Instant?
        package var lastRefused: Instant?
        /// Within the last 30 days.
        package var uses = 0
        package var refusals = 0
        package var sources = Sightings()
        package var agents = Sightings()
        /// Of refused uses.
        package var refusedSources = Sightings()
        package var refusedAgents = Sightings()
    }

    /// How far back uses are counted.
    package static let period = TimeSpan.days(30)

    /// Nil when its use is not known.
    package var idleness: Idleness?
    /// Newest first; versions that were neither used nor refused are absent.
    package var versions: [OfVersion] = []
    /// Of all time, as far as those who asked told what a use needed: the token's own scopes, and others.
    package var scopesExercised: [String]
    /// The token's scopes that no use needed; nil when nobody ever told what one needed.
    package var scopesNeverExercised: [String]?

    package init(of token: Token, from store: any StoreReads, at now: Instant) throws {
        idleness = token.idleness(at: now, tracking: try store.tracking())
        var scopes = Sightings()
        var found: [Int: OfVersion] = [:]
        for tally in try store.usage(of: token.id, since: .beginning) {
            found[tally.key.version, default: OfVersion(version: tally.key.version)]
                .add(tally, isRecent: tally.key.day > now - Self.period)
            scopes.merge(tally.scopes, count: .max)
        }
        versions = found.values.sorted { $0.version > $1.version }
        scopesExercised = scopes.texts.sorted()
        if !scopes.isEmpty {
            scopesNeverExercised = token.scopes.filter { !scopes.texts.contains($0) }
        }
    }

    package var uses: Int { versions.reduce(0) { $0 + $1.uses } }
    package var refusals: Int { versions.reduce(0) { $0 + $1.refusals } }
    package var sources: Sightings { joined(\.sources, UseTally.mostSources) }
    package var agents: Sightings { joined(\.agents, UseTally.mostAgents) }

    private func joined(_ sightings: KeyPath<OfVersion, Sightings>, _ count: Int) -> Sightings {
        versions.reduce(into: Sightings()) { $0.merge($1[keyPath: sightings], count: count) }
    }
}

extension UsageSummary.OfVersion {
    fileprivate mutating func add(_ tally: UseTally, isRecent: Bool) {
        lastUsed = [lastUsed, tally.accepted.last].compactMap(\.self).max()
        if tally.accepted.count > 0 { firstUsed = [firstUsed, tally.key.day].compactMap(\.self).min() }
        lastRefused = [lastRefused, tally.refused.last].compactMap(\.self).max()
        guard isRecent else { return }
        uses += tally.accepted.count
        refusals += tally.refused.count
        sources.merge(tally.accepted.sources, count: UseTally.mostSources)
        agents.merge(tally.accepted.agents, count: UseTally.mostAgents)
        refusedSources.merge(tally.refused.sources, count: UseTally.mostSources)
        refusedAgents.merge(tally.refused.agents, count: UseTally.mostAgents)
    }
}

extension StoreReads {
    /// The uses of a version on the last day on which one was accepted; nil when none ever was.
    package func lastUse(of id: TokenID, version: Int) throws -> UseTally? {
        try usage(of: id, since: .beginning).last { $0.key.version == version && $0.accepted.last != nil }
    }
}
