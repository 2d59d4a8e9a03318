import Engine
import JSON
import RotaCore
import SQLite

/// The use of tokens, and who watched it. None of this is a transition, nor a change of a token.
extension SQLStore {
    /// How far `idle_since` may lag behind the last use.
    private static let longestLag = TimeSpan.hours(1)

    // MARK: - Reads

    func heartbeats() throws -> [Heartbeat] {
        try driver.all(.heartbeats, []) { row in
            Heartbeat(
                tracker: row.text(0), startedAt: row.instant(1), beatAt: row.instant(2),
                askedAt: row.optionalInstant(3))
        }
    }

    func usage(of id: TokenID, since: Instant) throws -> [UseTally] {
        try driver.all(.usageOfToken, [.of(id), .of(since.midnight)], Decode.tally)
    }

    func lastUses(of id: TokenID) throws -> [Int: Instant] {
        var uses: [Int: Instant] = [:]
        try driver.query(.lastUses, [.of(id)]) { row in
            uses[row.count(0)] = row.optionalInstant(1)
            return true
        }
        return uses
    }

    // MARK: - Uses

    func recordUses(_ tallies: [UseTally], by tracker: String, at now: Instant) throws {
        guard driver.isInTransaction else { throw StoreError.failed("a change outside a transaction") }
        for tally in tallies {
            try add(tally, at: now)
            if let used = tally.accepted.last { try use(tally.key.tokenID, at: used) }
            try tellRefusals(tally, by: tracker, at: now)
        }
    }

    /// `idle_since` follows at a distance, so that the index is not rewritten by each use: candidates are only a
    /// superset.
    private func use(_ id: TokenID, at used: Instant) throws {
        let moved = try driver.first(.useToken, [.of(id), .of(used)]) { $0.optionalInstant(0) }
        guard let moved, moved.map({ $0 < used - Self.longestLag }) ?? true else { return }
        try driver.execute(.moveIdleness, [.of(id), .of(used)])
    }

    private func add(_ tally: UseTally, at now: Instant) throws {
        let key: [Value] = [.of(tally.key.tokenID), .of(tally.key.version), .of(tally.key.day)]
        if let used = tally.accepted.last, tally.hasTimesAlone,
            try driver.execute(.addUses, key + [.of(used), .of(tally.accepted.count)]) > 0
        {
            return
        }
        var sum = tally
        var first = tally.accepted.last
        let known = try driver.first(.usageOfDay, key) { row in
            if let earlier = row.optionalInstant(12) { first = first.map { min($0, earlier) } ?? earlier }
            return Decode.tally(row)
        }
        if let known {
            sum = known
            sum.merge(tally)
        }
        try driver.execute(
            .setUsage,
            key + [
                .of(sum.accepted.last), .of(sum.accepted.count), .text(SightingsText.encode(sum.accepted.sources)),
                .text(SightingsText.encode(sum.accepted.agents)), .text(SightingsText.encode(sum.scopes)),
                .of(sum.refused.last), .of(sum.refused.count), .text(SightingsText.encode(sum.refused.sources)),
                .text(SightingsText.encode(sum.refused.agents)), .of(first), .of(now),
            ])
        try noteSources(of: sum, beyond: known?.accepted)
    }

    /// Only what a value was not seen from before on that day makes anything new.
    func noteSources(of sum: UseTally, beyond known: UseTally.Side?) throws {
        var noted = 0
        for (kind, seen, before) in [
            (SeenFrom.Kind.address, sum.accepted.sources, known?.sources),
            (SeenFrom.Kind.agent, sum.accepted.agents, known?.agents),
        ] {
            for name in seen.texts.dropFirst(before?.texts.count ?? 0) {
                noted += try driver.execute(
                    .noteSource, [.of(sum.key.tokenID), .text(kind.rawValue), .text(name), .of(sum.key.day)])
            }
        }
        guard noted > 0 else { return }
        var days: [SeenFrom.Kind: [Instant]] = [:]
        try driver.query(.daysSeen, [.of(sum.key.tokenID)]) { row in
            days[try row.word(0), default: []].append(row.instant(1))
            return true
        }
        for kind in SeenFrom.Kind.allCases {
            try days[kind] = keepNewest((days[kind] ?? []).sorted(by: >), kind, of: sum.key.tokenID)
        }
        let (addresses, agents) = (days[.address] ?? [], days[.agent] ?? [])
        try driver.execute(
            .setSeenFrom,
            [
                .of(sum.key.tokenID), .text(SeenFrom(addresses: addresses, agents: agents).text),
                addresses.count > 1 ? .of(addresses.count) : .null, agents.count > 1 ? .of(agents.count) : .null,
            ])
    }

    /// Strangers name themselves as they like: of a token so many are kept as rules may ask for, and some more.
    private func keepNewest(_ days: [Instant], _ kind: SeenFrom.Kind, of id: TokenID) throws -> [Instant] {
        guard let newest = days.first, let oldest = days.last else { return [] }
        var first = newest - SeenFrom.longest
        if days.count > SeenFrom.most { first = max(first, days[SeenFrom.most - 1]) }
        guard oldest < first else { return days }
        try driver.execute(.forgetSources, [.of(id), .text(kind.rawValue), .of(first)])
        return days.filter { $0 >= first }
    }

    func assertUsage(until ends: [TokenID: Instant], at now: Instant) throws {
        for (token, end) in ends where try driver.execute(.assertUsage, [.of(token), .of(end)]) == 1 {
            try noteReport(of: token, at: now)
        }
    }

    /// What is known of its use since now.
    func noteReport(of id: TokenID, at now: Instant) throws {
        try driver.execute(.noteReport, [.of(id), .of(now)])
    }

    func recordUsageImport(_ summary: UsageImportSummary, change: Change) throws {
        try requireReconciled()
        try audit(
            "usage.import", of: summary.digest, change,
            [
                "file": .string(summary.file), "digest": .string(summary.digest), "rows": .integer(summary.rows),
                "uses": .integer(summary.uses), "refused": .integer(summary.refused),
                "unknown_rows": .integer(summary.unknownRows), "first": .of(summary.first),
                "last": .of(summary.last), "complete": .bool(summary.complete),
            ])
    }

    // MARK: - Trackers

    func recordHeartbeat(_ heartbeat: Heartbeat, at now: Instant) throws {
        try driver.execute(
            .beat,
            [
                .text(heartbeat.tracker), .of(heartbeat.startedAt), .of(heartbeat.beatAt),
                .of(heartbeat.askedAt), .of(now),
            ])
    }

    func beginTracking(_ heartbeat: Heartbeat, limit: Int, at now: Instant) throws -> Int {
        let found = try driver.all(.beginTracking, [.of(heartbeat.startedAt), .of(limit)]) { TokenID($0.text(0)) }
        for id in found { try noteReport(of: id, at: now) }
        let count = found.count
        if count > 0 {
            let change = Change(
                actor: "tracker:\(heartbeat.tracker)", at: now, cause: "it watches the use of tokens")
            try audit(
                "usage.track", of: heartbeat.tracker, change,
                ["since": .of(heartbeat.startedAt), "tokens": .integer(count)])
        }
        return count
    }
}

extension UseTally {
    /// Nothing is known of these uses but when they were.
    fileprivate var hasTimesAlone: Bool {
        refused.count == 0 && accepted.sources.isEmpty && accepted.agents.isEmpty && scopes.isEmpty
    }
}

extension JSON {
    static func of(_ sightings: Sightings) -> JSON {
        .array(sightings.texts.map { .string($0) })
    }
}

/// Sightings are stored as lines, which none of them breaks; a line feed at the end says that there were more.
enum SightingsText {
    static func encode(_ sightings: Sightings) -> String {
        sightings.texts.joined(separator: "\n") + (sightings.more ? "\n" : "")
    }

    static func decode(_ text: String) -> Sightings {
        if text.isEmpty { return Sightings() }
        let texts = text.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
        return Sightings(texts: texts, more: text.utf8.last == UInt8(ascii: "\n"))
    }
}

extension Decode {
    static func tally(_ row: borrowing Row) -> UseTally {
        UseTally(
            key: UseTally.Key(tokenID: TokenID(row.text(0)), version: row.count(1), day: row.instant(2)),
            accepted: UseTally.Side(
                count: row.count(4), last: row.optionalInstant(3), sources: SightingsText.decode(row.text(5)),
                agents: SightingsText.decode(row.text(6))),
            refused: UseTally.Side(
                count: row.count(9), last: row.optionalInstant(8), sources: SightingsText.decode(row.text(10)),
                agents: SightingsText.decode(row.text(11))),
            scopes: SightingsText.decode(row.text(7)))
    }
}
