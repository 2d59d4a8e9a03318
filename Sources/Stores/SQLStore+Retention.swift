import Engine
import JSON
import RotaCore
import SQLite

/// What is older than it is kept goes, as the audit log says beforehand. The log itself stays (decision 0030).
extension SQLStore {
    static let pruningAction = "store.prune"
    private static let prefix = "pruned."
    /// The day up to which uses were looked through.
    private static let usesLookedThrough = "uses_looked_through"

    func pruned() throws -> [RecordKind: Instant] {
        var horizons: [RecordKind: Instant] = [:]
        try driver.query(.facts, [.text(Self.prefix), .text(Self.prefix + "~")]) { row in
            guard let kind = RecordKind(rawValue: String(row.text(0).dropFirst(Self.prefix.count))) else { return true }
            horizons[kind] = Int64(row.text(1)).map { Instant(seconds: $0) }
            return true
        }
        return horizons
    }

    func prunable(_ kind: RecordKind, before horizon: Instant, limit: Int) throws -> Int {
        let old: [Value] = [.of(horizon), .of(limit)]
        func count(_ statement: Statement, _ more: Value...) throws -> Int {
            var count = 0
            try driver.query(statement, old + more) { _ in
                count += 1
                return true
            }
            return count
        }
        switch kind {
        case .findings: return try count(.oldFindingsFound)
        case .actions: return try count(.oldActionsFound)
        case .deliveries: return try count(.oldEventsFound)
        case .plans: return min(limit, try count(.oldPlanActionsFound) + count(.oldPlansFound))
        case .uses:
            let first = Value.integer(try firstDayToLookThrough())
            return min(limit, try count(.oldUsesFound, first) + count(.oldUsageReportsFound, first))
        }
    }

    func announcePruning(_ records: [PrunedRecords], change: Change) throws {
        try requireReleased(at: change.at)
        guard records.allSatisfy({ $0.horizon <= Retention.youngest(at: change.at) }) else {
            throw StoreError.refused(
                "records of the last \(Retention.shortest) are kept, whatever the settings",
                hint: "give a longer time under 'retention'")
        }
        let former = try pruned()
        var (before, horizons, rows): (JSON.Object, JSON.Object, JSON.Object) = ([:], [:], [:])
        for pruned in records {
            let key = pruned.kind.rawValue
            // It never comes nearer to the past again: what is gone is gone.
            let horizon = max(pruned.horizon, former[pruned.kind] ?? pruned.horizon)
            try note(horizon, of: pruned.kind)
            if let old = former[pruned.kind] { before[key] = .of(old) }
            horizons[key] = .of(horizon)
            rows[key] = .integer(pruned.rows)
        }
        try audit(
            Self.pruningAction, of: try identity().instance, change,
            before: before.isEmpty ? [:] : ["horizons": .object(before)],
            ["horizons": .object(horizons), "rows": .object(rows)])
    }

    func note(_ horizon: Instant, of kind: RecordKind) throws {
        try driver.execute(.setFact, [.text(Self.prefix + kind.rawValue), .text(String(horizon.seconds))])
    }

    func prune(_ kind: RecordKind, limit: Int, at now: Instant) throws -> Int {
        try requireReleased(at: now)
        guard let announced = try pruned()[kind] else { return 0 }
        let old: [Value] = [.of(min(announced, Retention.youngest(at: now))), .of(limit)]
        switch kind {
        case .findings: return try driver.execute(.removeOldFindings, old)
        case .actions: return try driver.execute(.removeOldActions, old)
        case .deliveries:
            try driver.execute(.removeOldDeliveries, old)
            return try driver.execute(.removeOldEvents, old)
        case .plans:
            let actions = try driver.execute(.removeOldPlanActions, old)
            return actions > 0 ? actions : try driver.execute(.removeOldPlans, old)
        case .uses: return try pruneUses(before: announced, old)
        }
    }

    /// When all of it is looked through, that is remembered: the last uses of values stay, and are many.
    private func pruneUses(before horizon: Instant, _ old: [Value]) throws -> Int {
        let range = old + [.integer(try firstDayToLookThrough())]
        let uses = try driver.execute(.removeOldUses, range)
        let removed = uses > 0 ? uses : try driver.execute(.removeOldUsageReports, range)
        if removed == 0 {
            try driver.execute(
                .setFact, [.text(Self.usesLookedThrough), .text(String(horizon.midnight.seconds))])
        }
        return removed
    }

    private func firstDayToLookThrough() throws -> Int64 {
        (try driver.first(.fact, [.text(Self.usesLookedThrough)]) { Int64($0.text(0)) } ?? nil) ?? 0
    }
}
