extension Migration {
    /// The use of tokens, and who watched it.
    static let usage = Migration(number: 4) { dialect in
        """
        ALTER TABLE tokens ADD COLUMN usage_asserted_until \(dialect.integer);
        ALTER TABLE tokens ADD COLUMN watched_since \(dialect.integer);

        -- What an import told of use holds up to that import; the digests that it brought are known since then.
        UPDATE tokens SET usage_asserted_until =
          (SELECT a.at FROM audit a WHERE a.object = tokens.id AND a.action = 'token.import'
           ORDER BY a.number LIMIT 1)
        WHERE provenance = 'asserted' AND (last_used_at IS NOT NULL OR tracked_since IS NOT NULL);
        UPDATE tokens SET watched_since =
          (SELECT CASE WHEN v.number > 1 OR a.at IS NULL THEN v.issued_at ELSE a.at END
           FROM versions v LEFT JOIN audit a ON a.object = v.token_id AND a.action = 'token.import'
           WHERE v.token_id = tokens.id AND v.state = 'current' AND v.digest IS NOT NULL
           ORDER BY a.number LIMIT 1)
        WHERE issuer = 'rota';

        -- Those that a tracker finds when it begins to watch.
        CREATE INDEX tokens_unwatched ON tokens (id)
          WHERE state = 'active' AND watched_since IS NOT NULL AND last_used_at IS NULL
            AND tracked_since IS NULL;

        -- Sums by day of UTC; lists are texts joined by line feeds, and end with one where there were more.
        CREATE TABLE usage (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          version \(dialect.integer) NOT NULL,
          day \(dialect.integer) NOT NULL,
          used_at \(dialect.integer),
          uses \(dialect.integer) NOT NULL,
          sources TEXT NOT NULL,
          agents TEXT NOT NULL,
          scopes TEXT NOT NULL,
          refused_at \(dialect.integer),
          refusals \(dialect.integer) NOT NULL,
          refused_sources TEXT NOT NULL,
          refused_agents TEXT NOT NULL,
          reuse_at \(dialect.integer),
          PRIMARY KEY (token_id, version, day)
        )\(dialect.strict);

        CREATE TABLE heartbeats (
          tracker \(dialect.ordered) NOT NULL,
          started_at \(dialect.integer) NOT NULL,
          beat_at \(dialect.integer) NOT NULL,
          asked_at \(dialect.integer),
          PRIMARY KEY (tracker, started_at)
        )\(dialect.strict);
        CREATE INDEX heartbeats_by_start ON heartbeats (started_at);
        """
    }
}
