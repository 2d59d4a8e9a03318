private let usageColumns = """
    token_id, version, day, used_at, uses, sources, agents, scopes, refused_at, refusals, refused_sources, \
    refused_agents
    """

/// The use of tokens, and who watched it.
extension Statement {
    static let usage: [Statement] = [
        heartbeats, usageOfToken, usageOfDay, lastUses, setUsage, addUses, useToken, moveIdleness, beat,
        beginTracking, assertUsage, noteReport, daysSeen, noteSource, forgetSources, setSeenFrom,
    ]

    // MARK: Reads

    static let heartbeats = Statement(
        "SELECT tracker, started_at, beat_at, asked_at FROM heartbeats ORDER BY started_at")
    static let usageOfToken = Statement(
        "SELECT \(usageColumns) FROM usage WHERE token_id = $1 AND day >= $2 ORDER BY version, day")
    static let usageOfDay = Statement(
        "SELECT \(usageColumns), first_used_at FROM usage WHERE token_id = $1 AND version = $2 AND day = $3")
    static let lastUses = Statement(
        "SELECT version, max(used_at) FROM usage WHERE token_id = $1 GROUP BY version ORDER BY version")

    // MARK: Uses

    /// The sum is made by whoever read the row before, in the same transaction.
    static let setUsage = Statement(
        """
        INSERT INTO usage (\(usageColumns), first_used_at, noted_at)
        SELECT t.id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT),
          CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT), CAST($10 AS BIGINT),
          CAST($11 AS TEXT), CAST($12 AS TEXT), CAST($13 AS BIGINT), CAST($14 AS BIGINT)
        FROM tokens t WHERE t.id = $1
        ON CONFLICT (token_id, version, day) DO UPDATE SET
          used_at = excluded.used_at, uses = excluded.uses, sources = excluded.sources,
          agents = excluded.agents, scopes = excluded.scopes, refused_at = excluded.refused_at,
          refusals = excluded.refusals, refused_sources = excluded.refused_sources,
          refused_agents = excluded.refused_agents, first_used_at = excluded.first_used_at
        """)
    /// Uses of which nothing new is known but their time, where others of the day are written already.
    static let addUses = Statement(
        """
        UPDATE usage SET uses = uses + $5, used_at = CASE WHEN used_at > $4 THEN used_at ELSE $4 END
        WHERE token_id = $1 AND version = $2 AND day = $3
        """)
    static let useToken = Statement(
        """
        UPDATE tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
        RETURNING idle_since
        """)
    static let moveIdleness = Statement("UPDATE tokens SET idle_since = $2 WHERE id = $1")
    static let assertUsage = Statement(
        """
        UPDATE tokens SET usage_asserted_until = $2
        WHERE id = $1 AND (usage_asserted_until IS NULL OR usage_asserted_until < $2)
        """)
    /// As the token has it now, for who asks later what was known when.
    static let noteReport = Statement(
        """
        INSERT INTO usage_reports (token_id, noted_at, last_used_at, tracked_since, asserted_until)
        SELECT t.id, CAST($2 AS BIGINT), t.last_used_at, t.tracked_since, t.usage_asserted_until
        FROM tokens t WHERE t.id = $1
        ON CONFLICT (token_id, noted_at) DO UPDATE SET last_used_at = excluded.last_used_at,
          tracked_since = excluded.tracked_since, asserted_until = excluded.asserted_until
        """)

    // MARK: From where

    static let daysSeen = Statement("SELECT kind, day FROM usage_sources WHERE token_id = $1")
    static let noteSource = Statement(
        """
        INSERT INTO usage_sources (token_id, kind, name, day)
        SELECT t.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM tokens t WHERE t.id = $1
        ON CONFLICT (token_id, kind, name) DO UPDATE SET day = excluded.day WHERE usage_sources.day < excluded.day
        """)
    static let forgetSources = Statement(
        "DELETE FROM usage_sources WHERE token_id = $1 AND kind = $2 AND day < $3")
    static let setSeenFrom = Statement(
        "UPDATE tokens SET seen_from = $2, addresses_seen = $3, agents_seen = $4 WHERE id = $1")

    // MARK: Trackers

    static let beat = Statement(
        """
        INSERT INTO heartbeats (tracker, started_at, beat_at, asked_at, noted_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tracker, started_at) DO UPDATE SET beat_at = excluded.beat_at, asked_at = excluded.asked_at
        """)
    static let beginTracking = Statement(
        """
        UPDATE tokens SET
          tracked_since = CASE WHEN watched_since > $1 THEN watched_since ELSE CAST($1 AS BIGINT) END,
          idle_since = CASE WHEN watched_since > $1 THEN watched_since ELSE CAST($1 AS BIGINT) END
        WHERE id IN
          (SELECT t.id FROM tokens t
           WHERE t.state = 'active' AND t.watched_since IS NOT NULL AND t.last_used_at IS NULL
             AND t.tracked_since IS NULL
           ORDER BY t.id LIMIT $2)
        RETURNING id
        """)
}
