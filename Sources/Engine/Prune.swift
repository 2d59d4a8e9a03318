package import RotaCore

/// Removes records that are older than they are kept: a little at a time, so that nobody waits, and with one entry of
/// the audit log that says how many.
package struct Pruner: Sendable {
    /// How many rows of each kind go with one entry; what is left goes with the next.
    package static let most = 20_000
    /// How many share one transaction.
    private static let batch = 500

    private let store: StoreQueue
    private let retention: Retention
    private let clock: any WallClock
    private let isStopped: @Sendable () -> Bool

    package init(
        store: StoreQueue, retention: Retention, clock: any WallClock,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) {
        self.store = store
        self.retention = retention
        self.clock = clock
        self.isStopped = isStopped
    }

    /// Answers what was removed; nothing while there is a brake.
    ///
    /// What a process leaves undone that dies on the way is counted again, and goes with the next entry.
    package func prune(actor: AuditActor) async throws -> [PrunedRecords] {
        let now = clock.now()
        guard !retention.kinds.isEmpty, try await store.brake(at: now) == nil else { return [] }
        let (retention, clock) = (retention, clock)
        let found = try await store.read { try $0.prunable(by: retention, at: now) }
        guard !found.isEmpty else { return [] }
        let change = Change(actor: actor, at: now, cause: "older than records are kept")
        try await store.write { try $0.announcePruning(found, change: change) }
        for records in found {
            // Until there is none left, so that it is known to be through; or as many as were announced.
            var left = records.isCut ? records.rows : .max
            while left > 0, !isStopped() {
                let limit = min(left, Self.batch)
                let removed = try await store.write { try $0.prune(records.kind, limit: limit, at: clock.now()) }
                guard removed > 0 else { break }
                left -= removed
            }
        }
        return found
    }
}

extension RetentionReads {
    /// What the next pruning would remove.
    package func prunable(by retention: Retention, at now: Instant) throws -> [PrunedRecords] {
        try retention.kinds.compactMap { kind in
            guard let horizon = retention.horizon(of: kind, at: now) else { return nil }
            let rows = try prunable(kind, before: horizon, limit: Pruner.most)
            guard rows > 0 else { return nil }
            return PrunedRecords(kind: kind, horizon: horizon, rows: rows, isCut: rows == Pruner.most)
        }
    }
}
