extension Migration {
    /// How long a rotation waits for the use of its older value to end; null: as the default is.
    static let overlaps = Migration(number: 6) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN overlap_cap \(dialect.integer);
        ALTER TABLE rotations ADD COLUMN revoke_at_cap \(dialect.integer);
        ALTER TABLE rotations ADD COLUMN alarmed_at \(dialect.integer);
        CREATE INDEX tokens_by_overlap ON tokens (overlap_ends_at)
          WHERE state = 'active' AND overlap_ends_at IS NOT NULL;
        """
    }
}
