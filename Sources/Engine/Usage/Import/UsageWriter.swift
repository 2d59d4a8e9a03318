import RotaCore

/// The second reading of a log of uses, within the transaction that takes it in.
final class UsageWriter {
    /// How many sums are held in memory.
    private static let mostTallies = 8_192
    private static let mostUnknown = 20
    private static let longestName = 80

    private(set) var summary: UsageImportSummary
    private let store: any Store
    private let now: Instant
    private var tokens: UsedTokens
    private var tallies: [UseTally.Key: UseTally] = [:]
    private var rows = 0

    init(_ summary: UsageImportSummary, _ store: any Store, now: Instant) {
        self.summary = summary
        self.store = store
        self.now = now
        tokens = UsedTokens(store)
    }

    /// The name that it goes by among the trackers.
    private var tracker: String { "\(Heartbeat.importPrefix)\(summary.file)" }

    func run(_ file: UsageFile, _ chunks: ChunkSource, _ progress: (Int) -> Void) throws {
        try file.eachRow(chunks) { line, fields in
            rows += 1
            if rows.isMultiple(of: 1_000) { progress(rows) }
            var faults: [InventoryFault] = []
            guard let row = UsageRow(line: line, values: try fields.get(), now: now, faults: &faults) else {
                throw InventoryFaults(faults)
            }
            try add(row)
        }
        guard rows == summary.rows else {
            throw StoreError.failed("\(summary.file) changed while it was being read; nothing was imported")
        }
        try write()
    }

    private func add(_ row: UsageRow) throws {
        switch try tokens.find(row) {
        case .unknown(let name), .mismatch(let name):
            summary.unknownRows += 1
            summary.unknown.add(name, count: Self.mostUnknown, length: Self.longestName)
        case .known(let match):
            let isOver = match.endedAt.map { $0 <= row.time } ?? false
            if isOver { summary.refused += row.count } else { summary.uses += row.count }
            let use = Use(
                tokenID: match.id, version: match.version, at: row.time, outcome: isOver ? .refused : .accepted,
                source: row.source, agent: row.agent, scopes: row.scopes)
            let key = UseTally.Key(use)
            if tallies[key] == nil, tallies.count == Self.mostTallies { try write() }
            tallies[key, default: UseTally(key: key)].add(use, count: row.count)
        }
    }

    private func write() throws {
        let batch = tallies.values.sorted { $0.key < $1.key }
        tallies.removeAll(keepingCapacity: true)
        try store.recordUses(batch, by: tracker, at: now)
        var told: [TokenID: Instant] = [:]
        for tally in batch {
            guard let used = tally.accepted.last else { continue }
            // A complete log tells that it was not used again until it ends, also of those that no tracker can see.
            told[tally.key.tokenID] = summary.complete ? summary.last : max(used, told[tally.key.tokenID] ?? used)
        }
        try store.assertUsage(until: told, at: now)
    }

    /// It watched every token from its first row to its last.
    func recordCompleteness() throws {
        let heartbeat = Heartbeat(
            tracker: tracker, startedAt: summary.first, beatAt: summary.last, askedAt: summary.last)
        try store.recordHeartbeat(heartbeat, at: now)
        if heartbeat.watched != nil { _ = try store.beginTracking(heartbeat, limit: .max, at: now) }
    }
}
