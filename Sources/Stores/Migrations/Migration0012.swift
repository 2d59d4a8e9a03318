extension Migration {
    /// Tokens in quarantine, and who was told of values that are presented though they are not accepted.
    static let quarantines = Migration(number: 12) { dialect in
        """
        ALTER TABLE tokens ADD COLUMN restored_at \(dialect.integer);

        -- One row for each token that is quarantined now.
        CREATE TABLE quarantines (
          token_id \(dialect.ordered) PRIMARY KEY REFERENCES tokens (id),
          since \(dialect.integer) NOT NULL,
          actor TEXT NOT NULL,
          cause TEXT NOT NULL,
          policy TEXT,
          rule TEXT,
          refused_before \(dialect.integer) NOT NULL
        )\(dialect.strict);
        CREATE INDEX quarantines_by_time ON quarantines (since);
        INSERT INTO quarantines
          SELECT t.id, COALESCE(
              (SELECT max(a.at) FROM audit a WHERE a.object = t.id
                 AND a.action IN ('token.quarantine', 'token.import')),
              t.created_at),
            'import', 'its issuer has switched it off', NULL, NULL, 0
          FROM tokens t WHERE t.state = 'quarantined';

        -- An empty source: nobody said; '*': more sources than are told apart.
        CREATE TABLE told_uses (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          version \(dialect.integer) NOT NULL,
          source TEXT NOT NULL,
          kind TEXT NOT NULL,
          first_at \(dialect.integer) NOT NULL,
          day \(dialect.integer) NOT NULL,
          revoked_at \(dialect.integer),
          PRIMARY KEY (token_id, version, source, kind)
        )\(dialect.strict);
        """
    }
}
