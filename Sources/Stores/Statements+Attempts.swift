/// Rotations that could not begin: one row for each token that has had no other since.
extension Statement {
    static let attempting: [Statement] = [
        failedAttempts, failedAttemptsOfToken, noteFailedAttempt, tellFailedAttempts, forgetFailedAttempts,
    ]

    private static let columns = "token_id, policy, failures, since, next_attempt_at, cause, alarmed_at"

    static let failedAttempts = Statement("SELECT \(columns) FROM failed_attempts ORDER BY token_id")
    static let failedAttemptsOfToken = Statement("SELECT \(columns) FROM failed_attempts WHERE token_id = $1")
    static let noteFailedAttempt = Statement(
        """
        INSERT INTO failed_attempts (token_id, policy, failures, since, next_attempt_at, cause)
        VALUES ($1, $2, 1, $3, $4, $5)
        ON CONFLICT (token_id) DO UPDATE SET policy = excluded.policy, failures = failed_attempts.failures + 1,
          next_attempt_at = excluded.next_attempt_at, cause = excluded.cause
        """)
    static let tellFailedAttempts = Statement(
        "UPDATE failed_attempts SET alarmed_at = $2 WHERE token_id = $1 AND alarmed_at IS NULL")
    static let forgetFailedAttempts = Statement("DELETE FROM failed_attempts WHERE token_id = $1")
}
