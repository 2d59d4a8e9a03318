extension Migration {
    /// What is in the way of rotations, and who was told of what.
    static let obstacles = Migration(number: 15) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN use_alarmed_at \(dialect.integer);
        ALTER TABLE rotations ADD COLUMN rejections \(dialect.integer) NOT NULL DEFAULT 0;

        -- A place that was taken away keeps its push rows: what was sent there may still arrive.
        ALTER TABLE destinations ADD COLUMN removed_at \(dialect.integer);

        -- Rotations that failed before anything was armed: one row for each token, until one is armed.
        CREATE TABLE failed_attempts (
          token_id \(dialect.ordered) PRIMARY KEY REFERENCES tokens (id),
          policy TEXT NOT NULL,
          failures \(dialect.integer) NOT NULL,
          since \(dialect.integer) NOT NULL,
          next_attempt_at \(dialect.integer) NOT NULL,
          cause TEXT NOT NULL,
          alarmed_at \(dialect.integer)
        )\(dialect.strict);

        CREATE INDEX tokens_quarantined_by_end ON tokens (expires_at) WHERE state = 'quarantined';
        """
    }
}
