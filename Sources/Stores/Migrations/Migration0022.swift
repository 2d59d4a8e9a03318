extension Migration {
    /// From where tokens were used, so that one may be found that many share.
    static let sources = Migration(number: 22) { dialect in
        """
        -- Each different address and agent of a token, with the last day of UTC on which it was seen. What uses told
        -- before this step is in the sums by day alone, and comes here when it is seen on a later day.
        CREATE TABLE usage_sources (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          kind TEXT NOT NULL CHECK (kind IN ('address', 'agent')),
          name \(dialect.ordered) NOT NULL,
          day \(dialect.integer) NOT NULL,
          PRIMARY KEY (token_id, kind, name)
        )\(dialect.strict);

        -- The days of all of them; and how many there are, where that is more than one.
        ALTER TABLE tokens ADD COLUMN seen_from TEXT;
        ALTER TABLE tokens ADD COLUMN addresses_seen \(dialect.integer);
        ALTER TABLE tokens ADD COLUMN agents_seen \(dialect.integer);
        CREATE INDEX tokens_by_addresses ON tokens (addresses_seen)
          WHERE state = 'active' AND addresses_seen IS NOT NULL;
        CREATE INDEX tokens_by_agents ON tokens (agents_seen) WHERE state = 'active' AND agents_seen IS NOT NULL;
        """
    }
}
