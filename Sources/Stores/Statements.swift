/// Every statement of the store, in the dialect that SQLite and PostgreSQL share; a test prepares all of them
/// on both.
enum Statements {
    static let tokenColumns = """
        id, revision, name, description, owner, integration, scopes, labels, prefix, issuer, external_id, state,
        created_at, created_by, expires_at, last_used_at, tracked_since, provenance, ended_at, ended_by, ended_cause,
        current_version, value_issued_at, oldest_issued_at, rotation_open, awaiting_retirement, overlap_ends_at,
        destination_count
        """
    private static let rotationColumns = """
        id, token_id, from_version, to_version, phase, overlap, claimed_at, actor, reason, run, policy, failures,
        next_attempt_at, cause
        """
    private static let findingColumns = "id, token_id, policy, rule, reason, message, opened_at, closed_at"

    // MARK: The store itself
    static let fact = Statement("SELECT value FROM store WHERE key = $1")
    static let addFact = Statement("INSERT INTO store (key, value) VALUES ($1, $2)")

    // MARK: Reading tokens
    static let token = Statement("SELECT \(tokenColumns) FROM tokens WHERE id = $1")
    static let tokenNamed = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE name = $1
        ORDER BY CASE WHEN state IN ('active', 'quarantined') THEN 0 ELSE 1 END, ended_at DESC, id LIMIT 1
        """)
    static let tokenExternal = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE issuer = $1 AND external_id = $2")
    static let tokens = Statement("SELECT \(tokenColumns) FROM tokens ORDER BY name, id")
    static let tokensInState = Statement("SELECT \(tokenColumns) FROM tokens WHERE state = $1 ORDER BY name, id")
    static let countActive = Statement("SELECT count(*) FROM tokens WHERE state = 'active'")
    static let versions = Statement(
        "SELECT number, state, digest, hint, issued_at, ends_at, ended_at FROM versions WHERE token_id = $1 ORDER BY number")
    static let versionWithDigest = Statement(
        """
        SELECT number, state, digest, hint, issued_at, ends_at, ended_at, token_id FROM versions WHERE digest = $1
        """)
    static let destinations = Statement(
        "SELECT id, vault, path, field, baseline FROM destinations WHERE token_id = $1 ORDER BY id")

    // MARK: Candidates: one index range each
    static let issuedAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND oldest_issued_at <= $1 ORDER BY oldest_issued_at")
    static let idleSinceAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND idle_since <= $1 ORDER BY idle_since")
    static let withoutExpiry = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at IS NULL ORDER BY id")
    static let lifetimeMoreThan = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND lifetime > $1 ORDER BY lifetime")
    static let expiresAfter = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at > $1 ORDER BY expires_at")
    static let expiredAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at <= $1 ORDER BY expires_at")

    // MARK: Reading rotations, findings, audit, runs, deliveries
    static let unfinishedRotations = Statement(
        "SELECT \(rotationColumns) FROM rotations WHERE phase IN ('open', 'overlap') ORDER BY id")
    static let rotationOfToken = Statement(
        "SELECT \(rotationColumns) FROM rotations WHERE token_id = $1 AND phase IN ('open', 'overlap')")
    static let rotation = Statement("SELECT \(rotationColumns) FROM rotations WHERE id = $1")
    static let pushes = Statement(
        """
        SELECT version, destination_id, state, base, attempt, verified_base FROM pushes WHERE token_id = $1
        ORDER BY version, destination_id
        """)
    static let openFindings = Statement(
        "SELECT \(findingColumns) FROM findings WHERE closed_at IS NULL ORDER BY id")
    static let findingsOfToken = Statement(
        "SELECT \(findingColumns) FROM findings WHERE token_id = $1 ORDER BY id")
    static let audit = Statement(
        "SELECT number, at, actor, action, object, body FROM audit WHERE number >= $1 ORDER BY number")
    static let auditOfObject = Statement(
        """
        SELECT number, at, actor, action, object, body FROM audit WHERE number >= $1 AND object = $2 ORDER BY number
        """)
    static let runActions = Statement(
        """
        SELECT run, token_id, name, action, policy, rule, reason, message, deadline, outcome, cause, at
        FROM run_actions WHERE at >= $1 AND at <= $2 ORDER BY at, id
        """)
    static let lastRun = Statement(
        "SELECT id, plan, actor, started_at, finished_at, aborted FROM runs ORDER BY started_at DESC, id DESC LIMIT 1")
    static let dueDeliveries = Statement(
        """
        SELECT e.id, e.type, e.at, e.data, d.attempts FROM deliveries d JOIN events e ON e.id = d.event_id
        WHERE d.endpoint = $1 AND d.state = 'waiting' AND d.next_attempt_at <= $2 ORDER BY d.id LIMIT $3
        """)
    static let nextDelivery = Statement(
        "SELECT min(next_attempt_at) FROM deliveries WHERE endpoint = $1 AND state = 'waiting'")
    static let deliveryCounts = Statement("SELECT state, count(*) FROM deliveries GROUP BY state")

    // MARK: Changing tokens
    static let addToken = Statement(
        """
        INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix, issuer,
          external_id, state, created_at, created_by, expires_at, lifetime, last_used_at, tracked_since, idle_since,
          provenance, ended_at, ended_by, ended_cause, current_version, value_issued_at, oldest_issued_at,
          destination_count)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
          $23, $24, $25, $26, $27)
        """)
    static let editToken = Statement(
        """
        UPDATE tokens SET name = $2, description = $3, owner = $4, integration = $5, scopes = $6, labels = $7,
          prefix = $8, expires_at = $9, lifetime = $10, revision = revision + 1 WHERE id = $1
        """)
    static let endToken = Statement(
        """
        UPDATE tokens SET state = $2, ended_at = $3, ended_by = $4, ended_cause = $5, revision = revision + 1
        WHERE id = $1 AND state IN ('active', 'quarantined')
        """)
    static let expireToken = Statement(
        """
        UPDATE tokens SET state = 'expired', ended_at = expires_at, ended_by = $3, ended_cause = $4,
          revision = revision + 1 WHERE id = $1 AND state = 'active' AND expires_at <= $2
        """)
    static let endVersions = Statement(
        """
        UPDATE versions SET state = $2, ended_at = $3
        WHERE token_id = $1 AND state IN ('pending', 'current', 'previous', 'unconfirmed')
        """)
    static let addVersion = Statement(
        """
        INSERT INTO versions (token_id, number, state, digest, hint, issued_at) VALUES ($1, $2, $3, $4, $5, $6)
        """)
    static let addDestination = Statement(
        """
        INSERT INTO destinations (token_id, vault, path, field, baseline) VALUES ($1, $2, $3, $4, $5)
        """)
    static let countDestination = Statement(
        "UPDATE tokens SET destination_count = destination_count + 1, revision = revision + 1 WHERE id = $1")
    /// The facts about a token's versions that evaluation needs, made anew after each transition.
    static let summarise = Statement(
        """
        UPDATE tokens SET
          revision = revision + 1,
          current_version = (SELECT number FROM versions v WHERE v.token_id = tokens.id AND v.state = 'current'),
          value_issued_at = (SELECT issued_at FROM versions v WHERE v.token_id = tokens.id AND v.state = 'current'),
          oldest_issued_at = (SELECT min(issued_at) FROM versions v WHERE v.token_id = tokens.id
            AND v.state IN ('pending', 'current', 'previous', 'unconfirmed')),
          rotation_open = (SELECT count(*) FROM rotations r WHERE r.token_id = tokens.id AND r.phase = 'open'),
          awaiting_retirement = (SELECT CASE WHEN count(*) > 0 THEN 1 ELSE 0 END FROM versions v
            WHERE v.token_id = tokens.id AND v.state IN ('previous', 'unconfirmed')),
          overlap_ends_at = (SELECT max(ends_at) FROM versions v WHERE v.token_id = tokens.id
            AND v.state IN ('previous', 'unconfirmed'))
        WHERE id = $1
        """)

    // MARK: Transitions of rotations, versions and push rows
    static let claim = Statement(
        """
        INSERT INTO rotations (token_id, from_version, phase, overlap, claimed_at, actor, reason, run, policy,
          next_attempt_at)
        SELECT id, $2, 'open', $3, $4, $5, $6, $7, $8, $4 FROM tokens
        WHERE id = $1 AND state = 'active' AND current_version = $2 AND (expires_at IS NULL OR expires_at > $4)
          AND NOT EXISTS (SELECT 1 FROM rotations r WHERE r.token_id = tokens.id AND r.phase IN ('open', 'overlap'))
        """)
    static let closeRotation = Statement(
        """
        UPDATE rotations SET phase = 'closed', cause = $2 WHERE id = $1 AND phase = 'open'
          AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.token_id = rotations.token_id
            AND v.state IN ('pending', 'unconfirmed'))
        """)
    static let endRotations = Statement(
        "UPDATE rotations SET phase = 'closed', cause = $2 WHERE token_id = $1 AND phase IN ('open', 'overlap')")
    static let arm = Statement(
        """
        INSERT INTO versions (token_id, number, state, digest, hint, issued_at)
        SELECT r.token_id, (SELECT max(v.number) + 1 FROM versions v WHERE v.token_id = r.token_id), 'pending', $2, $3, $4
        FROM rotations r JOIN tokens t ON t.id = r.token_id
        WHERE r.id = $1 AND r.phase = 'open' AND t.state = 'active'
          AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.token_id = r.token_id AND v.state = 'pending')
          AND (SELECT count(*) FROM versions v WHERE v.token_id = r.token_id
            AND v.state IN ('current', 'previous', 'unconfirmed')) < 3
        RETURNING token_id, number
        """)
    static let noteArmed = Statement("UPDATE rotations SET to_version = $2, cause = NULL WHERE id = $1")
    static let addPush = Statement(
        "INSERT INTO pushes (token_id, version, destination_id, state) VALUES ($1, $2, $3, 'unsent')")
    static let sending = Statement(
        """
        UPDATE pushes SET state = 'sending', base = $4, attempt = attempt + 1, changed_at = $6
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND attempt = $5
          AND state IN ('unsent', 'sending', 'fenced')
          AND EXISTS (SELECT 1 FROM versions v JOIN tokens t ON t.id = v.token_id
            WHERE v.token_id = $1 AND v.number = $2 AND v.state = 'pending' AND t.state = 'active')
        RETURNING attempt
        """)
    static let push = Statement(
        """
        SELECT version, destination_id, state, base, attempt, verified_base FROM pushes
        WHERE token_id = $1 AND version = $2 AND destination_id = $3
        """)
    static let verified = Statement(
        """
        UPDATE pushes SET state = 'verified', verified_base = $4, changed_at = $5
        WHERE token_id = $1 AND version = $2 AND destination_id = $3
          AND EXISTS (SELECT 1 FROM versions v
            WHERE v.token_id = $1 AND v.number = $2 AND v.state = 'pending')
        """)
    static let fenced = Statement(
        """
        UPDATE pushes SET state = 'fenced', changed_at = $5
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND state = 'sending' AND attempt = $4
          AND EXISTS (SELECT 1 FROM versions v
            WHERE v.token_id = $1 AND v.number = $2 AND v.state = 'pending')
        """)
    static let discard = Statement(
        """
        UPDATE versions SET state = 'revoked', ended_at = $3
        WHERE token_id = $1 AND number = $2 AND state = 'pending'
          AND NOT EXISTS (SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = $2
            AND p.state NOT IN ('unsent', 'fenced'))
        """)
    static let unconfirm = Statement(
        "UPDATE versions SET state = 'unconfirmed' WHERE token_id = $1 AND number = $2 AND state = 'pending'")
    static let endOlder = Statement(
        """
        UPDATE versions SET state = CASE WHEN state = 'current' THEN 'previous' ELSE state END, ends_at = $3
        WHERE token_id = $1 AND number < $2
          AND state IN ('current', 'unconfirmed')
        """)
    static let isPromotable = Statement(
        """
        SELECT r.id, r.overlap FROM rotations r JOIN versions v ON v.token_id = r.token_id
        JOIN tokens t ON t.id = r.token_id
        WHERE r.token_id = $1 AND r.phase = 'open' AND v.number = $2 AND v.state = 'pending' AND t.state = 'active'
          AND EXISTS (SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = $2)
          AND NOT EXISTS (SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = $2 AND p.state <> 'verified')
        """)
    static let promote = Statement(
        "UPDATE versions SET state = 'current' WHERE token_id = $1 AND number = $2 AND state = 'pending'")
    static let noteOverlap = Statement(
        "UPDATE rotations SET phase = 'overlap', cause = NULL, failures = 0, next_attempt_at = $2 WHERE id = $1")
    /// A version is retired where a newer one is verified in every destination that it was ever being sent to,
    /// or it is fenced there; one that was never pushed by us counts as sent everywhere.
    static let retire = Statement(
        """
        UPDATE versions SET state = 'revoked', ended_at = $3
        WHERE token_id = $1 AND number = $2 AND state IN ('previous', 'unconfirmed') AND ends_at <= $3
          AND EXISTS (SELECT 1 FROM versions c WHERE c.token_id = $1 AND c.state = 'current' AND c.number > $2)
          AND NOT EXISTS (
            SELECT 1 FROM destinations d LEFT JOIN pushes o
              ON o.token_id = $1 AND o.version = $2 AND o.destination_id = d.id
            WHERE d.token_id = $1
              AND (o.attempt > 0 OR NOT EXISTS (SELECT 1 FROM pushes a WHERE a.token_id = $1 AND a.version = $2))
              AND (o.state IS NULL OR o.state <> 'fenced')
              AND NOT EXISTS (SELECT 1 FROM pushes n JOIN versions c
                ON c.token_id = n.token_id AND c.number = n.version
                WHERE n.token_id = $1 AND n.destination_id = d.id AND n.version > $2
                  AND c.state = 'current' AND n.state = 'verified'))
        """)
    static let finishRotation = Statement(
        """
        UPDATE rotations SET phase = 'done', cause = NULL WHERE token_id = $1 AND phase = 'overlap'
          AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.token_id = $1
            AND v.state IN ('previous', 'unconfirmed', 'pending'))
        """)
    static let stall = Statement(
        """
        UPDATE rotations SET failures = failures + 1, cause = $2, next_attempt_at = $3
        WHERE id = $1 AND phase IN ('open', 'overlap')
        """)

    // MARK: Runs and findings
    static let beginRun = Statement(
        "INSERT INTO runs (id, plan, actor, started_at) VALUES ($1, $2, $3, $4)")
    static let finishRun = Statement("UPDATE runs SET finished_at = $2, aborted = $3 WHERE id = $1")
    static let addRunAction = Statement(
        """
        INSERT INTO run_actions (run, token_id, name, action, policy, rule, reason, message, deadline, outcome, cause, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """)
    static let openFinding = Statement(
        """
        INSERT INTO findings (token_id, policy, rule, reason, message, opened_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """)
    static let closeFinding = Statement(
        "UPDATE findings SET closed_at = $2, closed_how = $3 WHERE id = $1 AND closed_at IS NULL")
    static let closeFindings = Statement(
        "UPDATE findings SET closed_at = $2, closed_how = $3 WHERE token_id = $1 AND closed_at IS NULL")

    // MARK: Audit, events, deliveries
    static let addAudit = Statement(
        "INSERT INTO audit (at, actor, action, object, body) VALUES ($1, $2, $3, $4, $5)")
    static let nextSequence = Statement(
        "UPDATE tokens SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq")
    static let addEvent = Statement(
        "INSERT INTO events (id, type, token_id, seq, at, data) VALUES ($1, $2, $3, $4, $5, $6)")
    static let addDelivery = Statement(
        """
        INSERT INTO deliveries (event_id, endpoint, state, next_attempt_at, changed_at)
        VALUES ($1, $2, 'waiting', $3, $3)
        """)
    static let delivered = Statement(
        """
        UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, status = $3, cause = NULL, changed_at = $4
        WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)
    static let failedDelivery = Statement(
        """
        UPDATE deliveries SET state = $3, attempts = attempts + 1, status = $4, cause = $5, next_attempt_at = $6,
          changed_at = $7 WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)

    /// All of them, for the tests that prepare them on both databases.
    static let all: [Statement] = [
        fact, addFact, token, tokenNamed, tokenExternal, tokens, tokensInState, countActive, versions,
        versionWithDigest, destinations, issuedAtOrBefore, idleSinceAtOrBefore, withoutExpiry,
        lifetimeMoreThan, expiresAfter, expiredAtOrBefore, unfinishedRotations, rotationOfToken, rotation,
        pushes, openFindings, findingsOfToken, audit, auditOfObject, runActions, lastRun, dueDeliveries,
        nextDelivery, deliveryCounts, addToken, editToken, endToken, expireToken, endVersions, addVersion,
        addDestination, countDestination, summarise, claim, closeRotation, endRotations, arm, noteArmed,
        addPush, sending, push, verified, fenced, discard, unconfirm, endOlder, isPromotable, promote,
        noteOverlap, retire, finishRotation, stall, beginRun, finishRun, addRunAction, openFinding,
        closeFinding, closeFindings, addAudit, nextSequence, addEvent, addDelivery, delivered,
        failedDelivery,
    ]
}
