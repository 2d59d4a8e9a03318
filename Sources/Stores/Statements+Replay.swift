/// What only a replay runs, in a store of its own: what the gate did is done again, and its conditions held already.
extension Statement {
    static let replaying: [Statement] = [
        setTokenState, restoreAgain, endTokenAgain, moveEnd, refreshAgain, placeBaseline, setVersionState,
        setVersionEnd,
        setRotationPhase, reopenAgain, setToVersion, promoteAgain, setObstacle,
        prolongAgain, addBlockAgain, removeBlock, addNoticeAgain, removeNotice, setWaiverEnd,
        addFailedAgain, reportUseAgain, addHeartbeatAgain, usageKnown, reportsKnown, heartbeatsKnown,
        deliveryCountsKnown, runActionsFinished, runActionsKnown,
    ]

    // MARK: Tokens

    static let setTokenState = Statement("UPDATE tokens SET state = $2 WHERE id = $1")
    static let restoreAgain = Statement(
        """
        UPDATE tokens SET state = 'active',
          restored_at = CASE WHEN issuer = 'rota' THEN CAST($2 AS BIGINT) ELSE restored_at END
        WHERE id = $1
        """)
    /// Without a time it ended when it was to: an expiry of a token of ours.
    static let endTokenAgain = Statement(
        """
        UPDATE tokens SET state = $2, ended_at = COALESCE(CAST($3 AS BIGINT), expires_at), ended_by = $4,
          ended_cause = $5
        WHERE id = $1
        """)
    static let moveEnd = Statement(
        "UPDATE tokens SET expires_at = CAST($2 AS BIGINT), lifetime = CAST($2 AS BIGINT) - created_at WHERE id = $1")
    static let refreshAgain = Statement(
        "UPDATE tokens SET revision = COALESCE(CAST($2 AS BIGINT), revision), \(valueSummary) WHERE id = $1")
    static let placeBaseline = Statement(
        "UPDATE destinations SET baseline = $5 WHERE token_id = $1 AND vault = $2 AND path = $3 AND field = $4")

    // MARK: Versions and rotations

    static let setVersionState = Statement(
        """
        UPDATE versions SET state = $3, ends_at = COALESCE(CAST($4 AS BIGINT), ends_at),
          ended_at = COALESCE(CAST($5 AS BIGINT), ended_at)
        WHERE token_id = $1 AND number = $2
        """)
    static let setVersionEnd = Statement("UPDATE versions SET ends_at = $3 WHERE token_id = $1 AND number = $2")
    static let setRotationPhase = Statement("UPDATE rotations SET phase = $2, cause = $3 WHERE id = $1")
    static let reopenAgain = Statement(
        """
        UPDATE rotations SET phase = 'overlap', next_attempt_at = COALESCE(
          (SELECT min(v.ends_at) FROM versions v
           WHERE v.token_id = rotations.token_id AND v.state IN ('previous', 'unconfirmed')), next_attempt_at)
        WHERE id = $1
        """)
    static let setToVersion = Statement("UPDATE rotations SET to_version = $2 WHERE id = $1")
    static let promoteAgain = Statement(
        """
        UPDATE rotations SET phase = 'overlap', failures = 0, cause = NULL, promoted_at = CAST($2 AS BIGINT),
          next_attempt_at = CAST($2 AS BIGINT) + CASE retire_when_idle WHEN 1 THEN overlap / 2 ELSE overlap END
        WHERE id = $1
        """)
    static let setObstacle = Statement(
        "UPDATE rotations SET cause = $2, failures = $3, next_attempt_at = $4 WHERE id = $1")
    static let prolongAgain = Statement(
        "UPDATE rotations SET cause = $2, failures = 0, next_attempt_at = $3 WHERE id = $1")

    // MARK: What stands beside tokens

    static let addBlockAgain = Statement(
        """
        INSERT INTO blocks (token_id, action, policy, rule, reason, cause, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (token_id) DO UPDATE SET action = excluded.action, policy = excluded.policy, rule = excluded.rule,
          reason = excluded.reason, cause = excluded.cause, since = excluded.since
        """)
    static let removeBlock = Statement("DELETE FROM blocks WHERE token_id = $1")
    static let addNoticeAgain = Statement(
        """
        INSERT INTO notices (token_id, policy, rule, action, origin, start, lead, first_sent_at, sent_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (token_id, policy, rule, action) DO UPDATE SET origin = excluded.origin, start = excluded.start,
          lead = excluded.lead, first_sent_at = excluded.first_sent_at, sent_at = excluded.sent_at
        """)
    static let removeNotice = Statement(
        "DELETE FROM notices WHERE token_id = $1 AND policy = $2 AND rule = $3 AND action = $4")
    static let setWaiverEnd = Statement(
        "UPDATE waivers SET state = $2, ended_at = $3, ended_by = $4, cause = $5 WHERE id = $1")
    static let addFailedAgain = Statement(
        """
        INSERT INTO failed_attempts (token_id, policy, failures, since, next_attempt_at, cause)
        VALUES ($1, $2, 1, $3, $3, $4) ON CONFLICT (token_id) DO NOTHING
        """)

    // MARK: What is known beside the log

    static let reportUseAgain = Statement(
        """
        UPDATE tokens SET tracked_since = $3, usage_asserted_until = $4,
          last_used_at = CASE WHEN last_used_at > $2 THEN last_used_at ELSE COALESCE($2, last_used_at) END
        WHERE id = $1
        """)
    static let addHeartbeatAgain = Statement(
        "INSERT INTO heartbeats (tracker, started_at, beat_at, asked_at) VALUES ($1, $2, $3, $4)")
    /// What was noted before this was kept is told by its day.
    static let usageKnown = Statement(
        """
        SELECT token_id, version, day, used_at, uses, sources, agents, scopes, refused_at, refusals, refused_sources,
          refused_agents, first_used_at
        FROM usage WHERE day <= $1 AND COALESCE(noted_at, day) <= $1 AND uses > 0
        """)
    static let reportsKnown = Statement(
        """
        SELECT token_id, last_used_at, tracked_since, asserted_until FROM usage_reports
        WHERE token_id >= '' AND noted_at <= $1 ORDER BY token_id, noted_at
        """)
    static let heartbeatsKnown = Statement(
        """
        SELECT tracker, started_at, beat_at, asked_at FROM heartbeats
        WHERE started_at <= $1 AND COALESCE(noted_at, started_at) <= $1
        """)
    /// Waiting, delivered and dead. One that was tried again since then was waiting.
    static let deliveryCountsKnown = Statement(
        """
        SELECT count(*) FILTER (WHERE d.changed_at > $1 OR d.state = 'waiting'),
          count(*) FILTER (WHERE d.changed_at <= $1 AND d.state = 'delivered'),
          count(*) FILTER (WHERE d.changed_at <= $1 AND d.state = 'dead')
        FROM deliveries d JOIN events e ON e.id = d.event_id WHERE e.at <= $1
        """)
    static let runActionsFinished = Statement(
        """
        SELECT a.run, a.token_id, a.name, a.action, a.policy, a.rule, a.reason, a.message, a.deadline,
          a.outcome, a.cause, a.at, a.blocked
        FROM run_actions a WHERE a.run = $1 ORDER BY a.number
        """)
    /// Of a run that was under way at an instant, by then.
    static let runActionsKnown = Statement(
        """
        SELECT a.run, a.token_id, a.name, a.action, a.policy, a.rule, a.reason, a.message, a.deadline,
          a.outcome, a.cause, a.at, a.blocked
        FROM run_actions a WHERE a.run = $1 AND a.at <= $2 ORDER BY a.number
        """)
}
