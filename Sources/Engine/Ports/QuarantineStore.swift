package import RotaCore

/// What can be asked about tokens in quarantine, and about values that are presented though they are refused.
package protocol QuarantineReads {
    /// Nil unless the token is quarantined.
    func quarantine(of id: TokenID) throws -> Quarantine?
    /// Tokens that have been in quarantine since an instant or longer, oldest first; `each` returns false to stop.
    func eachQuarantined(since end: Instant, _ each: (Token, Quarantine) throws -> Bool) throws
    /// From where values of a token were presented that are not accepted, as far as somebody was told of it.
    func toldUses(of id: TokenID) throws -> [ToldUse]
}

/// What takes a token out of use, and back into it.
package protocol QuarantineChanges {
    /// Keeps a token from authenticating until it is restored; event `token.quarantined`. Its versions, places and
    /// overlap stay as they are. False when it is not an active token of ours within its term, or a rotation of it has
    /// yet to bring its new value to its places.
    ///
    /// - parameter rule: nil for a person, who goes past every brake; the audit entry says past which. Else it throws
    ///   `StoreError.held` while there is one.
    func quarantineToken(_ id: TokenID, by rule: RuleReference?, change: Change) throws -> Bool
    /// Lets it authenticate again, at once; event `token.restored`. False when it is not a quarantined token of ours
    /// within its term. Throws `StoreError.held` while the store is in safe mode: what it has lost may have ended it.
    func restoreToken(_ id: TokenID, change: Change) throws -> Bool
}

/// That somebody was told of a value that is presented though it is not accepted.
package struct ToldUse: Hashable, Sendable {
    /// Of what it was told.
    package enum Kind: String, Sendable {
        /// Of a version that had been revoked: `token.reuse_detected`, once.
        case reuse
        /// Of a token in quarantine: `token.refused_use`, once a day.
        case refused
    }

    /// How many sources of one token are told apart.
    package static let mostSources = 64
    /// All sources beyond those.
    package static let others = "*"

    package var version: Int
    /// An address, or who asked; empty where nobody said; `others` for all further ones.
    package var source: String
    package var kind: Kind
    package var firstAt: Instant
    /// The midnight of the last day that it was told on.
    package var day: Instant
    /// When the version was revoked; nil for a token in quarantine.
    package var revokedAt: Instant?

    package init(
        version: Int, source: String, kind: Kind, firstAt: Instant, day: Instant, revokedAt: Instant? = nil
    ) {
        self.version = version
        self.source = source
        self.kind = kind
        self.firstAt = firstAt
        self.day = day
        self.revokedAt = revokedAt
    }

    /// What somebody is to be told of uses that were refused: one for each source that is new, or new today.
    ///
    /// - parameter known: what was told of the token before.
    package static func untold(
        of tally: UseTally, _ kind: Kind, revokedAt: Instant?, known: [ToldUse]
    ) -> [ToldUse] {
        guard let last = tally.refused.last else { return [] }
        let seen = tally.refused.sources
        var sources = seen.texts.isEmpty ? [""] : seen.texts
        if seen.more { sources.append(others) }
        var room = mostSources - Set(known.filter { $0.source != others }.map(\.source)).count
        var untold: [ToldUse] = []
        for source in sources {
            let isKnown = known.contains { $0.source == source }
            if !isKnown, source != others { room -= 1 }
            let name = isKnown || room >= 0 ? source : others
            let use = ToldUse(
                version: tally.key.version, source: name, kind: kind, firstAt: last, day: tally.key.day,
                revokedAt: revokedAt)
            if !(known + untold).contains(where: { $0.tells(use) }) { untold.append(use) }
        }
        return untold
    }

    /// Whether another one would say nothing new. What is beyond the bound is told once for all versions.
    private func tells(_ other: ToldUse) -> Bool {
        kind == other.kind && source == other.source && (version == other.version || source == Self.others)
            && (kind == .reuse || day >= other.day)
    }
}

extension StoreReads {
    /// Who has presented a token's values since it was quarantined; nil when nobody has.
    package func refusedUses(of id: TokenID, in quarantine: Quarantine) throws -> RefusedUses? {
        var refused = UseTally.Side()
        for tally in try usage(of: id, since: quarantine.since) {
            guard let last = tally.refused.last, last >= quarantine.since else { continue }
            refused.merge(tally.refused)
        }
        guard let last = refused.last else { return nil }
        return RefusedUses(
            count: max(1, refused.count - quarantine.refusedBefore), last: last, sources: refused.sources.texts,
            agents: refused.agents.texts)
    }

    /// What becomes of a quarantined token by itself, and who misses it; nil when it is not quarantined.
    package func quarantineOutlook(
        of token: Token, by policies: [Policy], at now: Instant
    ) throws -> QuarantineOutlook? {
        guard let quarantine = try quarantine(of: token.id) else { return nil }
        let waivers = ActiveWaivers(try waiversInForce(at: now))
        return QuarantineOutlook(
            quarantine, revocation: quarantine.revocation(of: token, by: policies, waivers: waivers),
            refused: try refusedUses(of: token.id, in: quarantine))
    }
}
