private let quarantineColumns = "since, actor, cause, policy, rule, refused_before"

/// What takes a token out of use and back into it, and who was told of values that are refused.
extension Statement {
    static let quarantining: [Statement] = [
        quarantine, tokensInQuarantine, quarantineToken, restoreToken, addQuarantine, endQuarantine, toldUses,
        addToldUse, revokedAt,
    ]

    static let quarantine = Statement("SELECT \(quarantineColumns) FROM quarantines WHERE token_id = $1")
    /// The ids alone: few are due, and each is then read with all its columns.
    static let tokensInQuarantine = Statement(
        "SELECT since, token_id FROM quarantines WHERE since <= $1 ORDER BY since")

    /// Not while a new value is on its way: nobody would drive it on, and it is in force already.
    static let quarantineToken = Statement(
        """
        UPDATE tokens SET state = 'quarantined'
        WHERE id = $1 AND state = 'active' AND issuer = 'rota' AND (expires_at IS NULL OR expires_at > $2)
          AND NOT EXISTS (SELECT 1 FROM rotations r
                          WHERE r.token_id = $1 AND r.phase IN ('open', 'overlap') AND r.phase = 'open')
        """)
    /// Its idle time begins anew, where it is known.
    static let restoreToken = Statement(
        """
        UPDATE tokens SET state = 'active', restored_at = CAST($2 AS BIGINT),
          idle_since = CASE WHEN idle_since IS NULL THEN NULL ELSE CAST($2 AS BIGINT) END
        WHERE id = $1 AND state = 'quarantined' AND issuer = 'rota' AND (expires_at IS NULL OR expires_at > $2)
        """)
    static let addQuarantine = Statement(
        """
        INSERT INTO quarantines (token_id, \(quarantineColumns))
        SELECT t.id, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
          CAST((SELECT COALESCE(sum(u.refusals), 0) FROM usage u WHERE u.token_id = $1 AND u.day >= $7) AS BIGINT)
        FROM tokens t WHERE t.id = $1
        ON CONFLICT (token_id) DO NOTHING
        """)
    static let endQuarantine = Statement("DELETE FROM quarantines WHERE token_id = $1")

    static let toldUses = Statement(
        """
        SELECT version, source, kind, first_at, day, revoked_at FROM told_uses WHERE token_id = $1
        ORDER BY version, source, kind
        """)
    static let addToldUse = Statement(
        """
        INSERT INTO told_uses (token_id, version, source, kind, first_at, day, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (token_id, version, source, kind) DO UPDATE SET day = excluded.day
        """)
    /// Of a version that had been revoked by an instant.
    static let revokedAt = Statement(
        """
        SELECT ended_at FROM versions
        WHERE token_id = $1 AND number = $2 AND state = 'revoked' AND ended_at <= $3
        """)
}
