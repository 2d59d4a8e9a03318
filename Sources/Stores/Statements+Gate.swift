/// Pending, current, previous or unconfirmed; for a list of these SQLite would fill a table in memory each time.
private let authenticating = "NOT IN ('revoked', 'expired')"
/// Written out beside a single phase, since the index is only found by the words that it was made with.
private let unfinished = "phase IN ('open', 'overlap')"
private let isPending =
    "EXISTS (SELECT 1 FROM versions v WHERE v.token_id = $1 AND v.number = $2 AND v.state = 'pending')"
private let isCurrent =
    "EXISTS (SELECT 1 FROM versions v WHERE v.token_id = $1 AND v.number = $2 AND v.state = 'current')"
private let pendingOfActive = """
    \(isPending) \
    AND EXISTS (SELECT 1 FROM tokens t WHERE t.id = $1 AND t.state = 'active')
    """

/// The place of a push row has not been taken away; nobody reads where one was.
private func isThere(_ push: String) -> String {
    "NOT EXISTS (SELECT 1 FROM destinations g WHERE g.id = \(push).destination_id AND g.removed_at IS NOT NULL)"
}

/// Whether version $2 of token $1 is needed nowhere: the current one is newer, and verified wherever it was ever sent.
/// One that we did not push ourselves, such as an imported one, may be wherever the current one was pushed to; a
/// destination that came later is looked into by the guard alone (decision 0019).
let isSuperseded = """
    EXISTS (
      SELECT 1 FROM versions newer
      WHERE newer.token_id = $1 AND newer.number > $2 AND newer.state = 'current'
        AND NOT EXISTS (
          SELECT 1 FROM pushes sent
          WHERE sent.token_id = $1 AND sent.version = $2 AND sent.state IN ('sending', 'verified')
            AND \(isThere("sent"))
            AND NOT EXISTS (
              SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = newer.number
                AND p.destination_id = sent.destination_id AND p.state = 'verified'))
        AND (
          EXISTS (SELECT 1 FROM pushes own WHERE own.token_id = $1 AND own.version = $2)
          OR NOT EXISTS (
            SELECT 1 FROM destinations d WHERE d.token_id = $1 AND d.removed_at IS NULL)
          OR (
            EXISTS (
              SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = newer.number
                AND p.state = 'verified' AND \(isThere("p")))
            AND NOT EXISTS (
              SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = newer.number
                AND p.state <> 'verified' AND \(isThere("p"))))))
    """

/// What is written beside a token of its versions and rotations. Versions are issued in the order of their numbers, so
/// that the lowest valid one is the oldest.
let valueSummary = """
    current_version =
      (SELECT v.number FROM versions v WHERE v.token_id = $1 AND v.state = 'current'),
    value_issued_at =
      (SELECT v.issued_at FROM versions v WHERE v.token_id = $1 AND v.state = 'current'),
    oldest_issued_at = COALESCE(
      (SELECT v.issued_at FROM versions v WHERE v.token_id = $1 AND v.state \(authenticating)
       ORDER BY v.number LIMIT 1),
      (SELECT v.issued_at FROM versions v WHERE v.token_id = $1 AND v.state = 'current')),
    rotation_open =
      (SELECT count(*) FROM rotations r WHERE r.token_id = $1 AND r.\(unfinished) AND r.phase = 'open'),
    awaiting_retirement = CASE WHEN EXISTS
      (SELECT 1 FROM versions v WHERE v.token_id = $1 AND v.state IN ('previous', 'unconfirmed'))
      THEN 1 ELSE 0 END,
    overlap_ends_at =
      (SELECT max(v.ends_at) FROM versions v
       WHERE v.token_id = $1 AND v.state IN ('previous', 'unconfirmed')),
    watched_since = CASE WHEN issuer = 'rota' THEN COALESCE(watched_since,
      (SELECT v.issued_at FROM versions v
       WHERE v.token_id = $1 AND v.state = 'current' AND v.digest IS NOT NULL)) END
    """

/// What only the gate runs: each carries its whole condition, and changes nothing when that does not hold.
extension Statement {
    static let gate: [Statement] = [
        addToken, addVersion, endToken, expireToken, turnReported, endReported, reportUse, reportNoUse,
        reportUseUntil, endVersions, closeRotations, closeFindings,
        refreshSummary, revision, claimRotation, supersedeOverlap, giveUpClaim, reopenOverlap,
        chooseVersion,
        chosenVersion, addPush, doubtPush, pushBase, markSending, markVerified, addFilling, sendFilling, markFenced,
        discardPending, leaveUnconfirmed, forgetVersion, finishPushing, versionsToEnd, demoteCurrent, endUnconfirmed,
        promotePending, renewToken, lowerEnds, hastenRetirement, hastenAttempt, retireVersion, finishRotation,
        stallRotation, noteRejection, adoptDestination, rotationCause, prolongOverlap, raiseAlarm, raiseUseAlarm,
    ]

    // MARK: Tokens

    static let addToken = Statement(
        """
        INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix,
          issuer, external_id, state, created_at, created_by, expires_at, lifetime, last_used_at, tracked_since,
          idle_since, provenance, ended_at, ended_by, ended_cause, current_version, value_issued_at,
          oldest_issued_at, rotation_open, awaiting_retirement, overlap_ends_at, destination_count, event_seq,
          usage_asserted_until, watched_since)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
          $21, $22, $23, $24, $25, $26, 0, $27, $28, $29, 0, $30, $31)
        ON CONFLICT DO NOTHING
        """)
    static let addVersion = Statement(
        """
        INSERT INTO versions (token_id, number, state, digest, hint, issued_at, ends_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
        """)
    static let endToken = Statement(
        """
        UPDATE tokens SET state = 'revoked', ended_at = $2, ended_by = $3, ended_cause = $4
        WHERE id = $1 AND state IN ('active', 'quarantined')
        """)
    static let expireToken = Statement(
        """
        UPDATE tokens SET state = 'expired', ended_at = expires_at, ended_by = $3, ended_cause = $4
        WHERE id = $1 AND state IN ('active', 'quarantined') AND expires_at <= $2
        """)
    static let turnReported = Statement(
        "UPDATE tokens SET state = $3 WHERE id = $1 AND issuer <> 'rota' AND state = $2")
    static let endReported = Statement(
        """
        UPDATE tokens SET state = $2, ended_at = $3, ended_by = $4, ended_cause = $5
        WHERE id = $1 AND issuer <> 'rota' AND state IN ('active', 'quarantined')
        """)
    static let reportUse = Statement(
        """
        UPDATE tokens SET last_used_at = $2, idle_since = $2
        WHERE id = $1 AND issuer <> 'rota' AND (last_used_at IS NULL OR last_used_at < $2)
        """)
    static let reportNoUse = Statement(
        """
        UPDATE tokens SET tracked_since = $2, idle_since = CASE WHEN created_at > $2 THEN created_at ELSE $2 END
        WHERE id = $1 AND issuer <> 'rota' AND last_used_at IS NULL AND tracked_since IS NULL
        """)
    static let reportUseUntil = Statement(
        """
        UPDATE tokens SET usage_asserted_until = $2
        WHERE id = $1 AND issuer <> 'rota' AND (usage_asserted_until IS NULL OR usage_asserted_until < $2)
        """)
    static let endVersions = Statement(
        """
        UPDATE versions SET state = $2, ended_at = $3 WHERE token_id = $1 AND state \(authenticating)
        RETURNING number
        """)
    static let closeRotations = Statement(
        """
        UPDATE rotations SET phase = 'closed', cause = $2 WHERE token_id = $1 AND \(unfinished)
        RETURNING id
        """)
    static let closeFindings = Statement(
        """
        UPDATE findings SET closed_at = $2, closed_how = $3 WHERE token_id = $1 AND closed_at IS NULL
        RETURNING id
        """)
    static let refreshSummary = Statement(
        "UPDATE tokens SET revision = revision + 1, \(valueSummary) WHERE id = $1")

    static let revision = Statement("SELECT revision FROM tokens WHERE id = $1")

    // MARK: Rotations

    static let claimRotation = Statement(
        """
        INSERT INTO rotations (token_id, from_version, phase, overlap, claimed_at, claim_actor, claim_cause,
          claim_run, policy, rule, reason, message, deadline, failures, next_attempt_at, overlap_cap,
          revoke_at_cap, retire_when_idle, renewal, end_at_claim)
        SELECT t.id, CAST($2 AS BIGINT), 'open', CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT),
          CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT),
          CAST($10 AS TEXT), CAST($11 AS TEXT), CAST($12 AS BIGINT), 0, CAST($4 AS BIGINT),
          CAST($13 AS BIGINT), CAST($14 AS BIGINT), CAST($15 AS BIGINT), CAST($16 AS BIGINT),
          t.expires_at
        FROM tokens t
        WHERE t.id = $1 AND t.state = 'active' AND t.issuer = 'rota' AND COALESCE(t.current_version, 0) = $2
          AND (t.expires_at IS NULL OR t.expires_at > $4)
        ON CONFLICT DO NOTHING
        """)
    /// The versions that it was to retire are left to the rotation that follows.
    static let supersedeOverlap = Statement(
        """
        UPDATE rotations SET phase = 'done', cause = NULL
        WHERE token_id = $1 AND \(unfinished) AND phase = 'overlap' RETURNING id
        """)
    /// With an unconfirmed version left that has no end, something was armed: only a promotion gives it one.
    /// Answers the first end of the older versions that a superseded overlap has left.
    static let giveUpClaim = Statement(
        """
        UPDATE rotations SET cause = $2, phase = 'closed'
        WHERE id = $1 AND phase = 'open' AND to_version IS NULL AND NOT EXISTS
          (SELECT 1 FROM versions v
           WHERE v.token_id = rotations.token_id
             AND (v.state = 'pending' OR v.state = 'unconfirmed' AND v.ends_at IS NULL))
        RETURNING token_id,
          (SELECT min(v.ends_at) FROM versions v
           WHERE v.token_id = rotations.token_id AND v.state IN ('previous', 'unconfirmed'))
        """)
    /// The rotation whose place a claim took that was given up: it is as it was, and retires the older versions.
    static let reopenOverlap = Statement(
        """
        UPDATE rotations SET phase = 'overlap', next_attempt_at = $2
        WHERE id = (SELECT max(r.id) FROM rotations r WHERE r.token_id = $1 AND r.phase = 'done')
        RETURNING id
        """)
    static let chooseVersion = Statement(
        """
        UPDATE rotations SET to_version =
          (SELECT COALESCE(max(v.number), 0) + 1 FROM versions v WHERE v.token_id = rotations.token_id)
        WHERE id = $1 AND phase = 'open' AND to_version IS NULL
          AND EXISTS (SELECT 1 FROM tokens t WHERE t.id = rotations.token_id AND t.state = 'active')
          AND NOT EXISTS
            (SELECT 1 FROM versions v WHERE v.token_id = rotations.token_id AND v.state = 'pending')
          AND (SELECT count(*) FROM versions v
               WHERE v.token_id = rotations.token_id AND v.state \(authenticating)) < 3
        """)
    static let chosenVersion = Statement("SELECT token_id, to_version FROM rotations WHERE id = $1")
    static let addPush = Statement(
        """
        INSERT INTO pushes (token_id, version, destination_id, state, attempt, changed_at)
        SELECT d.token_id, CAST($2 AS BIGINT), d.id, 'unsent', 0, CAST($4 AS BIGINT)
        FROM destinations d WHERE d.token_id = $1 AND d.id = $3 AND d.removed_at IS NULL
        ON CONFLICT DO NOTHING
        """)
    /// A place that has come back may not hold any more what was read there, and consumers may have read it. Another
    /// attempt, so that a read of before proves nothing.
    static let doubtPush = Statement(
        """
        UPDATE pushes SET state = CASE state WHEN 'verified' THEN 'sending' ELSE state END, attempt = attempt + 1,
          changed_at = $4
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND \(isPending)
        """)
    static let pushBase = Statement(
        """
        SELECT base FROM pushes
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND attempt = $4
        """)
    /// The first base stays while attempts follow one another. A fence proved that nothing was visible up to it, and
    /// that nothing sent before can land: what follows one is looked at from its own base on.
    static let markSending = Statement(
        """
        UPDATE pushes SET state = 'sending', base = $5, attempt = attempt + 1, changed_at = $6,
          first_base = CASE WHEN state = 'sending' THEN first_base ELSE $5 END
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND attempt = $4 AND state <> 'verified'
          AND \(isThere("pushes")) AND \(pendingOfActive)
        """)
    static let markVerified = Statement(
        """
        UPDATE pushes SET state = 'verified', verified_base = $5, changed_at = $6
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND attempt = $4
          AND \(isThere("pushes")) AND (\(isPending) OR state = 'sending' AND \(isCurrent))
        """)
    /// Carries the whole condition of a filling: of the row that it serves, and of the version that it is of ($6).
    static let addFilling = Statement(
        """
        INSERT INTO pushes (token_id, version, destination_id, state, attempt, changed_at)
        SELECT s.token_id, CAST($6 AS BIGINT), s.destination_id, 'unsent', 0, CAST($5 AS BIGINT)
        FROM pushes s
        WHERE s.token_id = $1 AND s.version = $2 AND s.destination_id = $3 AND s.attempt = $4
          AND s.state = 'sending' AND \(isThere("s")) AND \(pendingOfActive)
          AND EXISTS (SELECT 1 FROM versions c WHERE c.token_id = $1 AND c.number = $6 AND c.state = 'current')
        ON CONFLICT (token_id, version, destination_id) DO UPDATE SET changed_at = excluded.changed_at
        """)
    /// What was proved there once stays proved: nothing older can land.
    static let sendFilling = Statement(
        """
        UPDATE pushes SET state = 'sending', base = $4, attempt = attempt + 1, changed_at = $5,
          first_base = CASE WHEN state = 'sending' THEN first_base ELSE $4 END
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND state <> 'verified'
        """)
    static let markFenced = Statement(
        """
        UPDATE pushes SET state = 'fenced', changed_at = $5
        WHERE token_id = $1 AND version = $2 AND destination_id = $3 AND attempt = $4 AND state = 'sending'
          AND \(isPending)
        """)
    static let discardPending = Statement(
        """
        UPDATE versions SET state = 'revoked', ended_at = $3
        WHERE token_id = $1 AND number = $2 AND state = 'pending' AND NOT EXISTS
          (SELECT 1 FROM pushes p
           WHERE p.token_id = $1 AND p.version = $2 AND p.state NOT IN ('unsent', 'fenced') AND \(isThere("p")))
        """)
    static let leaveUnconfirmed = Statement(
        """
        UPDATE versions SET state = 'unconfirmed' WHERE token_id = $1 AND number = $2 AND state = 'pending'
        """)
    /// The rotation stays open, for a successor.
    static let forgetVersion = Statement(
        """
        UPDATE rotations SET to_version = NULL
        WHERE token_id = $1 AND to_version = $2 AND \(unfinished) AND phase = 'open'
        """)

    // MARK: Promotion and retirement

    /// Carries the condition of the whole promotion; the statements below follow it in one transaction.
    static let finishPushing = Statement(
        """
        UPDATE rotations SET phase = 'overlap', failures = 0, rejections = 0, cause = NULL, alarmed_at = NULL,
          promoted_at = $3,
          next_attempt_at = $3 + CASE retire_when_idle WHEN 1 THEN overlap / 2 ELSE overlap END
        WHERE token_id = $1 AND \(unfinished) AND phase = 'open' AND to_version = $2 AND \(pendingOfActive)
          AND EXISTS (SELECT 1 FROM pushes p WHERE p.token_id = $1 AND p.version = $2 AND \(isThere("p")))
          AND NOT EXISTS (SELECT 1 FROM pushes p
                          WHERE p.token_id = $1 AND p.version = $2 AND p.state <> 'verified' AND \(isThere("p")))
        """)
    /// What a promotion is about to put an end to.
    static let versionsToEnd = Statement(
        """
        SELECT number, state FROM versions
        WHERE token_id = $1 AND (state = 'current' OR state = 'unconfirmed' AND ends_at IS NULL)
        """)
    static let demoteCurrent = Statement(
        "UPDATE versions SET state = 'previous', ends_at = $2 WHERE token_id = $1 AND state = 'current'")
    static let endUnconfirmed = Statement(
        "UPDATE versions SET ends_at = $2 WHERE token_id = $1 AND state = 'unconfirmed' AND ends_at IS NULL")
    static let promotePending = Statement(
        """
        UPDATE versions SET state = 'current' WHERE token_id = $1 AND number = $2 AND state = 'pending'
        """)
    /// Never nearer than it is; and only while it is what it was at the claim ($3): whoever has moved it or taken it
    /// away since wins.
    static let renewToken = Statement(
        """
        UPDATE tokens SET expires_at = $2, lifetime = $2 - created_at
        WHERE id = $1 AND state = 'active' AND expires_at < $2 AND expires_at = $3
        """)
    /// Never later than they were: a value only lives as long as it was promised, or less.
    static let lowerEnds = Statement(
        """
        UPDATE versions SET ends_at = $2
        WHERE token_id = $1 AND state IN ('previous', 'unconfirmed') AND ends_at > $2 AND EXISTS
          (SELECT 1 FROM rotations r WHERE r.token_id = $1 AND r.\(unfinished) AND r.phase = 'overlap')
        RETURNING number
        """)
    /// Somebody has just changed what was in the way.
    static let hastenAttempt = Statement(
        """
        UPDATE rotations SET next_attempt_at = $2
        WHERE token_id = $1 AND \(unfinished) AND cause IS NOT NULL AND next_attempt_at > $2
        """)
    static let hastenRetirement = Statement(
        """
        UPDATE rotations SET next_attempt_at = $2
        WHERE token_id = $1 AND \(unfinished) AND phase = 'overlap' AND next_attempt_at > $2
        """)
    /// Never while a destination that it was sent to may hold it in place of a newer one (I3); nor while its use
    /// shows that a consumer has not changed over, nor in quarantine, where nobody can.
    static let retireVersion = Statement(
        """
        UPDATE versions SET state = 'revoked', ended_at = $3
        WHERE token_id = $1 AND number = $2 AND state IN ('previous', 'unconfirmed') AND ends_at <= $3
          AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = $1 AND t.state = 'quarantined')
          AND NOT EXISTS (
            SELECT 1 FROM usage u WHERE u.token_id = $1 AND u.version = $2 AND u.used_at > $4)
          AND (
            NOT EXISTS (
              SELECT 1 FROM usage u WHERE u.token_id = $1 AND u.version = $2 AND u.used_at > $5)
            OR EXISTS (
              SELECT 1 FROM usage n WHERE n.token_id = $1 AND n.version > $2 AND n.used_at IS NOT NULL))
          AND \(isSuperseded)
        """)
    static let finishRotation = Statement(
        """
        UPDATE rotations SET phase = 'done', failures = 0, cause = NULL
        WHERE token_id = $1 AND \(unfinished) AND phase = 'overlap' AND NOT EXISTS
          (SELECT 1 FROM versions v WHERE v.token_id = $1 AND v.state IN ('previous', 'unconfirmed'))
        RETURNING id
        """)
    static let rotationCause = Statement("SELECT token_id, cause FROM rotations WHERE id = $1")
    static let prolongOverlap = Statement(
        """
        UPDATE rotations SET cause = $2, failures = 0, next_attempt_at = $3
        WHERE id = $1 AND \(unfinished) AND phase = 'overlap'
        """)
    /// Once until the promotion, and once after it.
    static let raiseAlarm = Statement(
        """
        UPDATE rotations SET alarmed_at = $2
        WHERE id = $1 AND \(unfinished) AND alarmed_at IS NULL RETURNING token_id
        """)
    /// Apart from the other one: whom a vault has kept from sleep still has to hear who uses the older value.
    static let raiseUseAlarm = Statement(
        """
        UPDATE rotations SET use_alarmed_at = $2
        WHERE id = $1 AND \(unfinished) AND phase = 'overlap' AND use_alarmed_at IS NULL RETURNING token_id
        """)
    static let stallRotation = Statement(
        """
        UPDATE rotations SET failures = failures + 1, cause = $2, next_attempt_at = $3
        WHERE id = $1 AND \(unfinished) RETURNING token_id, failures, claim_run
        """)

    static let noteRejection = Statement(
        """
        UPDATE rotations SET rejections = rejections + 1
        WHERE id = $1 AND \(unfinished) AND phase = 'open' RETURNING rejections
        """)

    // MARK: Adoption

    /// Only a value that nobody minted: never one that is a token's.
    static let adoptDestination = Statement(
        """
        UPDATE destinations SET baseline = $4
        WHERE token_id = $1 AND id = $2 AND removed_at IS NULL AND baseline IS NOT DISTINCT FROM $3
          AND EXISTS (SELECT 1 FROM tokens t
                      WHERE t.id = $1 AND t.issuer = 'rota' AND t.state IN ('active', 'quarantined'))
          AND NOT EXISTS (SELECT 1 FROM versions v
                          WHERE v.digest = $4 AND (v.token_id = $1 OR v.state NOT IN ('revoked', 'expired')))
        """)
}
