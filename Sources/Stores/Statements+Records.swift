/// Everything that is written without being a transition.
extension Statement {
    static let records: [Statement] = [
        addFact, editToken, lateWrite, addDestination, placeDestination, removeDestination, countDestination,
        addAuditEntry, nextEventOfToken, eventOfToken, addEvent, addDelivery, addRun, planRun, addRunAction, finishRun,
        openFinding, closeFinding, deliver, postpone, bury,
        giveUpEndpoint, replayEvent, replayEndpoint, hastenEndpoint,
    ]

    static let addFact = Statement("INSERT INTO store (key, value) VALUES ($1, $2)")

    // MARK: Tokens

    static let editToken = Statement(
        """
        UPDATE tokens SET revision = revision + 1, name = $2, description = $3, owner = $4, integration = $5,
          scopes = $6, labels = $7, prefix = $8, expires_at = $9, lifetime = $10
        WHERE id = $1 RETURNING revision
        """)
    /// When a place was given up, by whichever token, to which a value may still be under way that has ended since: it
    /// was taken away, or the token ended. Where it was proved before it was taken from this very token, a filling may
    /// have been sent (decision 0022); what had ended before can land no more: $6 seconds before, since the two may be
    /// readings of two clocks.
    static let lateWrite = Statement(
        """
        SELECT COALESCE(d.removed_at, t.ended_at) FROM destinations d JOIN tokens t ON t.id = d.token_id
        WHERE d.vault = $1 AND d.path = $2 AND d.field = $3
          AND (d.removed_at > $4 OR d.removed_at IS NULL AND t.ended_at > $4)
          AND EXISTS (
            SELECT 1 FROM pushes p JOIN versions v ON v.token_id = p.token_id AND v.number = p.version
            WHERE p.token_id = d.token_id AND p.destination_id = d.id AND v.state IN ('revoked', 'expired')
              AND (p.state = 'sending'
                OR p.state = 'verified' AND v.ended_at >= d.removed_at - $6 AND d.token_id = $5))
        """)
    static let addDestination = Statement(
        """
        INSERT INTO destinations (token_id, vault, path, field, baseline) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (token_id, vault, path, field) DO UPDATE SET removed_at = NULL, baseline = excluded.baseline
        WHERE destinations.removed_at IS NOT NULL
        RETURNING id
        """)
    /// Of a token that has none yet.
    static let placeDestination = Statement(
        "INSERT INTO destinations (token_id, vault, path, field, baseline) VALUES ($1, $2, $3, $4, $5)")
    /// Its push rows stay, for the day that the place comes back: what was sent there may still arrive.
    static let removeDestination = Statement(
        """
        UPDATE destinations SET removed_at = $5
        WHERE token_id = $1 AND vault = $2 AND path = $3 AND field = $4 AND removed_at IS NULL
        RETURNING id
        """)
    static let countDestination = Statement(
        """
        UPDATE tokens SET revision = revision + 1,
          destination_count = (SELECT count(*) FROM destinations d WHERE d.token_id = $1 AND d.removed_at IS NULL)
        WHERE id = $1 RETURNING revision
        """)

    // MARK: The log and the outbox

    static let addAuditEntry = Statement(
        "INSERT INTO audit (at, actor, action, object, body) VALUES ($1, $2, $3, $4, $5)")
    static let nextEventOfToken = Statement("UPDATE tokens SET event_seq = event_seq + 1 WHERE id = $1")
    static let eventOfToken = Statement("SELECT event_seq, name, owner, integration FROM tokens WHERE id = $1")
    static let addEvent = Statement(
        "INSERT INTO events (id, type, token_id, seq, at, data) VALUES ($1, $2, $3, $4, $5, $6)")
    static let addDelivery = Statement(
        """
        INSERT INTO deliveries (event_id, endpoint, state, attempts, next_attempt_at, changed_at)
        VALUES ($1, $2, 'waiting', 0, $3, $3)
        """)
    static let deliver = Statement(
        """
        UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, status = $3, cause = NULL,
          changed_at = $4
        WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)
    static let postpone = Statement(
        """
        UPDATE deliveries SET attempts = attempts + 1, status = $3, cause = $4, next_attempt_at = $5,
          changed_at = $6
        WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)
    /// Makes it a dead letter.
    static let bury = Statement(
        """
        UPDATE deliveries SET state = 'dead', attempts = attempts + 1, status = $3, cause = $4,
          changed_at = $5
        WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)

    /// Nothing was tried: the answer to the last attempt stays.
    static let giveUpEndpoint = Statement(
        """
        UPDATE deliveries SET state = 'dead', cause = $2, changed_at = $3
        WHERE endpoint = $1 AND state = 'waiting'
        """)
    static let replayEvent = Statement(
        """
        UPDATE deliveries SET state = 'waiting', attempts = 0, status = NULL, cause = NULL,
          next_attempt_at = $2, changed_at = $2
        WHERE event_id = $1 AND state = 'dead' RETURNING endpoint
        """)
    static let replayEndpoint = Statement(
        """
        UPDATE deliveries SET state = 'waiting', attempts = 0, status = NULL, cause = NULL,
          next_attempt_at = $2, changed_at = $2
        WHERE endpoint = $1 AND state = 'dead' RETURNING event_id
        """)

    static let hastenEndpoint = Statement(
        """
        UPDATE deliveries SET next_attempt_at = $2
        WHERE endpoint = $1 AND state = 'waiting' AND next_attempt_at > $2
        """)

    // MARK: Runs and findings

    static let addRun = Statement(
        "INSERT INTO runs (id, plan, acting, actor, started_at) VALUES ($1, '', $2, $3, $4) RETURNING number")
    static let planRun = Statement(
        "UPDATE runs SET plan = $2, planned = $3 WHERE id = $1 AND finished_at IS NULL")
    static let addRunAction = Statement(
        """
        INSERT INTO run_actions (run, token_id, name, action, policy, rule, reason, message, deadline,
          outcome, cause, at, blocked)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """)
    static let finishRun = Statement(
        "UPDATE runs SET finished_at = $2, aborted = $3 WHERE id = $1 AND finished_at IS NULL RETURNING number")
    static let openFinding = Statement(
        """
        INSERT INTO findings (token_id, policy, rule, reason, message, opened_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id
        """)
    static let closeFinding = Statement(
        """
        UPDATE findings SET closed_at = $2, closed_how = $3 WHERE id = $1 AND closed_at IS NULL
        RETURNING token_id, policy, rule
        """)
}
