/// What stops everything destructive, and what a reconciliation writes.
extension Statement {
    static let braking: [Statement] = [
        presentFreeze, pastFreezes, beginFreeze, endFreeze, auditEntryBody, newestAuditBody, changeFact, setFact,
        adoptVersion, adoptPush, adoptOverlap, retireAgain, keepHeld,
    ]

    static let presentFreeze = Statement(
        """
        SELECT reason, actor, begun_at, ends_at FROM freezes
        WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > $1) ORDER BY id DESC LIMIT 1
        """)
    /// From the latest one on, by their numbers: few are ever there.
    static let pastFreezes = Statement(
        """
        SELECT reason, actor, begun_at, ends_at, ended_at FROM freezes
        WHERE id > 0 AND begun_at <= $2 AND (ended_at IS NULL OR ended_at > $1) AND (ends_at IS NULL OR ends_at > $1)
        ORDER BY id DESC LIMIT $3
        """)
    static let beginFreeze = Statement(
        "INSERT INTO freezes (reason, actor, begun_at, ends_at) VALUES ($1, $2, $3, $4)")
    static let endFreeze = Statement("UPDATE freezes SET ended_at = $1 WHERE ended_at IS NULL")

    static let auditEntryBody = Statement("SELECT body FROM audit WHERE number = $1")
    static let newestAuditBody = Statement(
        "SELECT number, body FROM audit WHERE number = (SELECT max(number) FROM audit)")
    static let changeFact = Statement("UPDATE store SET value = $3 WHERE key = $1 AND value = $2")
    static let setFact = Statement(
        "INSERT INTO store (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")

    /// A value that was minted in a life of the store that it does not remember. As the current one only where no
    /// rotation is open, which would go on to replace it.
    static let adoptVersion = Statement(
        """
        INSERT INTO versions (token_id, number, state, digest, hint, issued_at)
        SELECT t.id, (SELECT COALESCE(max(v.number), 0) + 1 FROM versions v WHERE v.token_id = t.id),
          CAST($2 AS TEXT), $3, CAST($4 AS TEXT), CAST($5 AS BIGINT)
        FROM tokens t
        WHERE t.id = $1 AND t.state = 'active' AND t.issuer = 'rota'
          AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.digest = $3)
          AND (SELECT count(*) FROM versions v
               WHERE v.token_id = t.id AND v.state NOT IN ('revoked', 'expired')) < 3
          AND ($2 <> 'current' OR NOT EXISTS
            (SELECT 1 FROM rotations r WHERE r.token_id = t.id AND r.phase IN ('open', 'overlap')))
        RETURNING number
        """)
    static let adoptPush = Statement(
        """
        INSERT INTO pushes (token_id, version, destination_id, state, base, attempt, verified_base, first_base,
          changed_at)
        SELECT d.token_id, CAST($2 AS BIGINT), d.id, CAST($4 AS TEXT), CAST($5 AS TEXT), 1,
          CASE WHEN $4 = 'verified' THEN CAST($5 AS TEXT) END, CAST($5 AS TEXT), CAST($6 AS BIGINT)
        FROM destinations d WHERE d.token_id = $1 AND d.id = $3 AND d.removed_at IS NULL
        """)
    /// What retires the version that an adopted one has replaced.
    static let adoptOverlap = Statement(
        """
        INSERT INTO rotations (token_id, from_version, to_version, phase, overlap, claimed_at, claim_actor,
          claim_cause, failures, next_attempt_at, revoke_at_cap)
        VALUES ($1, $2, $3, 'overlap', $4, $5, $6, $7, 0, CAST($5 AS BIGINT) + CAST($4 AS BIGINT), 0)
        """)
    static let keepHeld = Statement(
        """
        UPDATE versions SET ends_at = $3
        WHERE token_id = $1 AND number = $2 AND state IN ('previous', 'unconfirmed') AND ends_at < $3
        """)
    static let retireAgain = Statement(
        """
        UPDATE versions SET state = 'revoked', ended_at = $3
        WHERE token_id = $1 AND number = $2 AND state IN ('previous', 'unconfirmed')
          AND \(isSuperseded)
        """)
}
