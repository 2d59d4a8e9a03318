extension Migration {
    /// What is counted each minute is counted from an index that holds no more than it.
    static let gauges = Migration(number: 24) { _ in
        """
        CREATE INDEX rotations_open ON rotations (phase) WHERE phase = 'open';
        -- Most of those in their overlap are not stalled.
        CREATE INDEX rotations_stalled ON rotations (next_attempt_at, id)
          WHERE phase IN ('open', 'overlap') AND cause IS NOT NULL;
        CREATE INDEX blocks_by_reason ON blocks (reason);
        """
    }
}
