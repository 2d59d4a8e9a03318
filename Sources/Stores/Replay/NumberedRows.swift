/// Rows that come with the numbers that they had.
///
/// A replay writes a SQLite file of its own, whatever database the log is in: PostgreSQL takes a number that it was to
/// give itself only in words that SQLite does not know, so that these are not in the catalogue of both.
extension Statement {
    static let addRotationAgain = Statement(
        """
        INSERT INTO rotations (id, token_id, from_version, phase, overlap, claimed_at, claim_actor, claim_cause,
          claim_run, policy, rule, reason, message, deadline, failures, next_attempt_at, overlap_cap, revoke_at_cap,
          retire_when_idle, renewal, end_at_claim)
        VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $5, $14, $15, $16, $17,
          (SELECT t.expires_at FROM tokens t WHERE t.id = $2))
        """)
    static let addOverlapAgain = Statement(
        """
        INSERT INTO rotations (id, token_id, from_version, to_version, phase, overlap, claimed_at, claim_actor,
          claim_cause, failures, next_attempt_at, revoke_at_cap)
        VALUES ($8, $1, $2, $3, 'overlap', $4, $5, $6, $7, 0, CAST($5 AS BIGINT) + CAST($4 AS BIGINT), 0)
        """)
    static let addFindingAgain = Statement(
        """
        INSERT INTO findings (id, token_id, policy, rule, reason, message, opened_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """)
}
