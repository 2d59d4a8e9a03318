package import RotaCore

/// What can be asked about the use of tokens.
package protocol UsageReads {
    /// What every tracker ever watched, oldest first.
    func heartbeats() throws -> [Heartbeat]
    /// The sums of a token's uses from the day of an instant on, by version and day.
    func usage(of id: TokenID, since: Instant) throws -> [UseTally]
    /// When each version of a token was last used; versions without an accepted use are absent.
    func lastUses(of id: TokenID) throws -> [Int: Instant]
}

extension UsageReads {
    /// When uses were watched.
    package func tracking() throws -> TrackingHistory { TrackingHistory(try heartbeats()) }
}

/// What is written about the use of tokens. A use is not a change of a token: it has no audit entry, and the
/// token's revision stays.
package protocol UsageChanges {
    /// Adds sums to what is known of each version and day, and moves `last used` of their tokens forward, never back.
    /// Sums of tokens that are not in the store are left out.
    ///
    /// A refused use of a version that had been revoked by then raises `token.reuse_detected`, audited, once for each
    /// version and source; one of a token in quarantine `token.refused_use`, once for each source and day. Of a token
    /// `ToldUse.mostSources` sources are told apart; all further ones are told as one.
    func recordUses(_ tallies: [UseTally], by tracker: String, at now: Instant) throws
    /// Writes how far a tracker has watched: one row for each stretch, which grows; and since when that is known.
    func recordHeartbeat(_ heartbeat: Heartbeat, at now: Instant) throws
    /// Active tokens of which nothing was known, and whose values a tracker can see: never used since
    /// it began to watch, or since the value is known if that is later. At most `limit` of them, in one audit
    /// entry; answers how many.
    func beginTracking(_ heartbeat: Heartbeat, limit: Int, at now: Instant) throws -> Int
    /// What is known of the use of these tokens holds up to an instant, as an import tells: of one that told of a use,
    /// up to that use at the least.
    func assertUsage(until ends: [TokenID: Instant], at now: Instant) throws
    /// Writes one audit entry for a whole import of uses, under the digest of its file.
    func recordUsageImport(_ summary: UsageImportSummary, change: Change) throws
}

extension UsageChanges {
    /// As a tracker does: what it says is known when it says so.
    package func recordHeartbeat(_ heartbeat: Heartbeat) throws { try recordHeartbeat(heartbeat, at: heartbeat.beatAt) }
}
