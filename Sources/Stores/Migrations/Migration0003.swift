extension Migration {
    /// What called for a rotation, and when its value became current; what a run was about.
    static let runs = Migration(number: 3) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN rule TEXT;
        ALTER TABLE rotations ADD COLUMN reason TEXT;
        ALTER TABLE rotations ADD COLUMN message TEXT;
        ALTER TABLE rotations ADD COLUMN deadline \(dialect.integer);
        ALTER TABLE rotations ADD COLUMN promoted_at \(dialect.integer);
        CREATE INDEX rotations_by_promotion ON rotations (promoted_at, id) WHERE promoted_at IS NOT NULL;
        CREATE INDEX rotations_due ON rotations (next_attempt_at, id) WHERE phase IN ('open', 'overlap');
        CREATE INDEX rotations_by_run ON rotations (claim_run) WHERE claim_run IS NOT NULL;
        ALTER TABLE runs ADD COLUMN planned \(dialect.integer);
        ALTER TABLE runs ADD COLUMN acting TEXT;
        CREATE INDEX runs_unfinished ON runs (number) WHERE finished_at IS NULL;
        """
    }
}
