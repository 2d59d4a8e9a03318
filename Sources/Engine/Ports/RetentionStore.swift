package import RotaCore

/// What one pruning removes of one kind.
package struct PrunedRecords: Hashable, Sendable {
    package var kind: RecordKind
    /// What is older goes.
    package var horizon: Instant
    package var rows: Int
    /// Whether there is more, for the next pruning.
    package var isCut: Bool

    package init(kind: RecordKind, horizon: Instant, rows: Int, isCut: Bool) {
        self.kind = kind
        self.horizon = horizon
        self.rows = rows
        self.isCut = isCut
    }
}

/// What is there no more since it was older than it is kept.
package protocol RetentionReads {
    /// Before when records are missing, as far as any were removed.
    func pruned() throws -> [RecordKind: Instant]
    /// How many rows are older than an instant and may go, up to a limit.
    func prunable(_ kind: RecordKind, before horizon: Instant, limit: Int) throws -> Int
}

/// The audit log says what goes before it goes, so that whoever holds the tables against it knows.
package protocol RetentionChanges: RetentionReads {
    /// Says so in the log. A horizon within the shortest time that records are kept is refused, and so is everything
    /// while there is a brake.
    func announcePruning(_ records: [PrunedRecords], change: Change) throws
    /// Removes rows that are older than what was announced; answers how many.
    func prune(_ kind: RecordKind, limit: Int, at now: Instant) throws -> Int
}
