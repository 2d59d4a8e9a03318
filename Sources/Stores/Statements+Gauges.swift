/// Counts for monitoring.
extension Statement {
    static let gauging: [Statement] = [
        openRotationCount, stalledRotationCount, failedAttemptCount, blockCounts, waiverCount, awaitingPlanCount,
        lastFinishedRun, unfinishedRunStart,
    ]

    static let openRotationCount = Statement("SELECT count(*) FROM rotations WHERE phase = 'open'")
    static let stalledRotationCount = Statement(
        "SELECT count(*) FROM rotations WHERE phase IN ('open', 'overlap') AND cause IS NOT NULL")
    static let failedAttemptCount = Statement("SELECT count(*) FROM failed_attempts")
    static let blockCounts = Statement("SELECT reason, count(*) FROM blocks GROUP BY reason")
    static let waiverCount = Statement("SELECT count(*) FROM waivers WHERE state = 'active' AND ends_at > $1")
    static let awaitingPlanCount = Statement(
        """
        SELECT count(*) FROM plans WHERE ended_at IS NULL AND expires_at > $1 AND needs_approval = 1
          AND (approval_ends_at IS NULL OR approval_ends_at <= $1 OR approved_digest <> digest)
        """)
    static let lastFinishedRun = Statement(
        """
        SELECT \(runColumns) FROM runs WHERE finished_at IS NOT NULL
        ORDER BY finished_at DESC, number DESC LIMIT 1
        """)
    static let unfinishedRunStart = Statement(
        "SELECT started_at FROM runs WHERE finished_at IS NULL ORDER BY number LIMIT 1")
}
