extension Migration {
    /// What rules about facts look tokens up by, and the end that a rotation renews.
    static let facts = Migration(number: 16) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN renewal \(dialect.integer);
        CREATE INDEX tokens_by_owner ON tokens (owner) WHERE state = 'active';
        CREATE INDEX tokens_by_scopes ON tokens (scopes) WHERE state = 'active';
        CREATE INDEX tokens_undescribed ON tokens (description) WHERE state = 'active' AND description = '';
        CREATE INDEX tokens_unplaced ON tokens (destination_count) WHERE state = 'active' AND destination_count = 0;
        """
    }
}
