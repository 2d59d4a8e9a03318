import RotaCore

/// What a token is judged by, in the order in which it is decoded; all that there is of it but what only people ask
/// for: each column of a million rows costs as much as a rule that is judged.
private let judgedColumns = """
    id, name, owner, integration, scopes, labels, issuer, state, created_at, expires_at, last_used_at, tracked_since, \
    provenance, ended_at, ended_by, ended_cause, current_version, value_issued_at, oldest_issued_at, rotation_open, \
    awaiting_retirement, overlap_ends_at, destination_count, usage_asserted_until, watched_since, restored_at, seen_from
    """
/// The columns of a token in the order in which they are decoded.
let tokenColumns = judgedColumns + ", revision, description, prefix, external_id, created_by"
let tokenColumnCount = tokenColumns.split(separator: ",").count
private let versionColumns = "number, state, digest, hint, issued_at, ends_at, ended_at"
private let rotationColumns = """
    id, token_id, from_version, to_version, phase, overlap, claimed_at, claim_actor, claim_cause, claim_run, \
    policy, rule, reason, message, deadline, failures, next_attempt_at, cause, overlap_cap, revoke_at_cap, \
    alarmed_at, retire_when_idle, promoted_at, use_alarmed_at, rejections, \
    renewal, end_at_claim
    """
let runColumns = "id, plan, planned, acting, actor, started_at, finished_at, aborted"
let findingColumns = "id, token_id, policy, rule, reason, message, opened_at, closed_at"
private let auditColumns = "number, at, actor, action, object, body"

extension String {
    /// A list of columns, each with the name of its table before it.
    func columns(of table: String) -> String {
        split(separator: ", ").map { "\(table).\($0)" }.joined(separator: ", ")
    }
}

/// Everything that can be asked.
extension Statement {
    static let reads: [Statement] = [
        fact, token, stateOfToken, holderOfPlace, destinationCounts, tokensWithoutValue,
        liveTokenNamed, tokenOfName, externalToken, allTokens, tokensInStates, unsortedTokens,
        absentTokens,
        issuedAtOrBefore, idleSinceAtOrBefore, overlapEndedAtOrBefore, withoutExpiry, lifetimeMoreThan, expiresAfter,
        expiredAtOrBefore, expiredInQuarantine, ofOwner, nextOwner, ofScopes, nextScopes, namesAfter, activeOfName,
        withoutDescription, withoutDestination, seenFromAddresses, seenFromAgents,
        activeCount, endingCount, versions, valueWithDigest, knownValue,
        newestAuditEntry, auditedObjects, destinations, unfinishedRotations,
        dueRotations, stalledRotations, unfinishedRotation, givenUpRotations, rotationsOfRuns,
        pushes,
        openFindings, openFindingCounts, findings, openSpans, closedSpans, auditEntries, auditEntriesOfObject,
        auditEntriesBack, auditEntriesOfObjectBack,
        runActions, promotions, unrecordedRotations, outcomesOfRun, lastRun, firstRunStart, runNumber, unfinishedRuns,
        dueDeliveries, nextDelivery, nextAwaitedEndpoint, deliveryCounts, deliveriesInState,
    ]

    static let fact = Statement("SELECT value FROM store WHERE key = $1")

    // MARK: Tokens

    static let stateOfToken = Statement("SELECT state FROM tokens WHERE id = $1")
    static let token = Statement("SELECT \(tokenColumns) FROM tokens WHERE id = $1")
    static let liveTokenNamed = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE name = $1 AND state IN ('active', 'quarantined')")
    static let tokenOfName = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE name = $1
        ORDER BY ended_at IS NOT NULL, ended_at DESC, id DESC LIMIT 1
        """)
    static let holderOfPlace = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE state IN ('active', 'quarantined') AND id IN
          (SELECT token_id FROM destinations
           WHERE vault = $1 AND path = $2 AND field = $3 AND removed_at IS NULL AND token_id <> $4)
        """)
    static let tokensWithoutValue = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND current_version IS NULL
        ORDER BY name LIMIT $1
        """)
    static let externalToken = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE issuer = $1 AND external_id = $2")
    static let allTokens = Statement("SELECT \(tokenColumns) FROM tokens ORDER BY name, id")
    static let unsortedTokens = Statement("SELECT \(judgedColumns) FROM tokens")
    /// A token, and after its columns those of its absence.
    static let absentTokens = Statement(
        """
        SELECT \(tokenColumns.columns(of: "t")), a.since, a.file
        FROM absences a JOIN tokens t ON t.id = a.token_id ORDER BY a.since, a.token_id
        """)
    /// Absent states are given as empty texts.
    static let tokensInStates = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state IN ($1, $2, $3, $4) ORDER BY name, id")

    // MARK: Candidates: one index range each

    static let issuedAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND oldest_issued_at <= $1")
    static let idleSinceAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND idle_since <= $1")
    static let overlapEndedAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND overlap_ends_at <= $1")
    static let withoutExpiry = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at IS NULL")
    static let lifetimeMoreThan = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND lifetime > $1")
    static let expiresAfter = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at > $1")
    static let expiredAtOrBefore = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at <= $1")
    static let expiredInQuarantine = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'quarantined' AND expires_at <= $1")
    static let ofOwner = Statement("SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND owner = $1")
    static let nextOwner = Statement(
        "SELECT owner FROM tokens WHERE state = 'active' AND owner > $1 ORDER BY owner LIMIT 1")
    static let ofScopes = Statement("SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND scopes = $1")
    static let nextScopes = Statement(
        "SELECT scopes FROM tokens WHERE state = 'active' AND scopes > $1 ORDER BY scopes LIMIT 1")
    static let namesAfter = Statement(
        "SELECT name FROM tokens WHERE state IN ('active', 'quarantined') AND name > $1 ORDER BY name")
    static let activeOfName = Statement("SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND name = $1")
    static let withoutDescription = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND description = ''")
    static let withoutDestination = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND destination_count = 0")
    static let seenFromAddresses = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND addresses_seen > $1")
    static let seenFromAgents = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND agents_seen > $1")
    static let activeCount = Statement("SELECT count(*) FROM tokens WHERE state = 'active'")
    static let endingCount = Statement(
        "SELECT count(*) FROM tokens WHERE state = 'active' AND expires_at > $1 AND expires_at <= $2")

    // MARK: What belongs to a token

    static let versions = Statement(
        "SELECT \(versionColumns) FROM versions WHERE token_id = $1 ORDER BY number")
    /// A token, and after its columns those of the version.
    static let valueWithDigest = Statement(
        """
        SELECT \(tokenColumns.columns(of: "t")), \(versionColumns.columns(of: "v"))
        FROM versions v JOIN tokens t ON t.id = v.token_id WHERE v.digest = $1
        """)
    static let knownValue = Statement(
        """
        SELECT t.id, v.number, v.state, v.issued_at, t.state, t.expires_at, t.rotation_open, t.awaiting_retirement,
          t.name, t.owner, t.scopes, v.ends_at
        FROM versions v JOIN tokens t ON t.id = v.token_id WHERE v.digest = $1
        """)
    static let newestAuditEntry = Statement("SELECT max(number) FROM audit")
    static let auditedObjects = Statement(
        "SELECT number, object FROM audit WHERE number > $1 AND number <= $2 ORDER BY number")
    static let destinationCounts = Statement(
        """
        SELECT d.vault, count(*) FROM destinations d JOIN tokens t ON t.id = d.token_id
        WHERE t.state IN ('active', 'quarantined') AND d.removed_at IS NULL GROUP BY d.vault ORDER BY d.vault
        """)
    static let destinations = Statement(
        """
        SELECT id, vault, path, field, baseline FROM destinations
        WHERE token_id = $1 AND removed_at IS NULL ORDER BY id
        """)
    static let unfinishedRotations = Statement(
        "SELECT \(rotationColumns) FROM rotations WHERE phase IN ('open', 'overlap') ORDER BY id")
    /// An overlap stands still in quarantine: nobody can change over to the new value.
    static let dueRotations = Statement(
        """
        SELECT \(rotationColumns) FROM rotations
        WHERE phase IN ('open', 'overlap') AND next_attempt_at <= $1
          AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = rotations.token_id AND t.state = 'quarantined')
        ORDER BY next_attempt_at, id
        """)
    static let stalledRotations = Statement(
        """
        SELECT \(rotationColumns) FROM rotations
        WHERE phase IN ('open', 'overlap') AND cause IS NOT NULL ORDER BY next_attempt_at, id
        """)
    static let unfinishedRotation = Statement(
        "SELECT \(rotationColumns) FROM rotations WHERE token_id = $1 AND phase IN ('open', 'overlap')")
    /// Rotations are numbered in the order of their claims: the end of the table is read, however long it is.
    static let givenUpRotations = Statement(
        """
        SELECT \(rotationColumns) FROM rotations
        WHERE id > (SELECT COALESCE(max(id), 0) FROM rotations) - $1 AND phase = 'closed' AND policy IS NULL
        ORDER BY id DESC
        """)
    /// One that was given up before it changed anything was none.
    static let rotationsOfRuns = Statement(
        """
        SELECT \(rotationColumns.columns(of: "o")) FROM runs r JOIN rotations o ON o.claim_run = r.id
        WHERE r.actor = $1 AND r.started_at >= $3 AND o.policy = $2
          AND (o.phase <> 'closed' OR o.to_version IS NOT NULL)
        ORDER BY r.started_at, r.number
        """)
    static let pushes = Statement(
        """
        SELECT version, destination_id, state, base, attempt, verified_base, first_base FROM pushes
        WHERE token_id = $1 ORDER BY version, destination_id
        """)
    static let openFindings = Statement(
        """
        SELECT \(findingColumns) FROM findings WHERE closed_at IS NULL ORDER BY token_id, policy, rule
        """)
    static let openSpans = Statement(
        """
        SELECT token_id, policy, rule, opened_at, closed_at, closed_how FROM findings
        WHERE closed_at IS NULL AND opened_at <= $1 ORDER BY token_id, policy, rule
        """)
    static let closedSpans = Statement(
        """
        SELECT token_id, policy, rule, opened_at, closed_at, closed_how FROM findings
        WHERE closed_at >= $2 AND opened_at <= $1 ORDER BY closed_at, token_id, id
        """)
    static let openFindingCounts = Statement(
        "SELECT policy, rule, count(*) FROM findings WHERE closed_at IS NULL GROUP BY policy, rule")
    static let findings = Statement("SELECT \(findingColumns) FROM findings WHERE token_id = $1 ORDER BY id")

    // MARK: The log, runs and the outbox

    static let auditEntries = Statement(
        "SELECT \(auditColumns) FROM audit WHERE number >= $1 ORDER BY number")
    static let auditEntriesOfObject = Statement(
        "SELECT \(auditColumns) FROM audit WHERE object = $1 AND number >= $2 ORDER BY number")
    static let auditEntriesBack = Statement(
        "SELECT \(auditColumns) FROM audit WHERE number < $1 ORDER BY number DESC")
    static let auditEntriesOfObjectBack = Statement(
        "SELECT \(auditColumns) FROM audit WHERE object = $1 AND number < $2 ORDER BY number DESC")
    static let runActions = Statement(
        """
        SELECT a.run, a.token_id, a.name, a.action, a.policy, a.rule, a.reason, a.message, a.deadline,
          a.outcome, a.cause, a.at, a.blocked
        FROM runs r JOIN run_actions a ON a.run = r.id
        WHERE r.finished_at >= $1 AND r.finished_at <= $2 ORDER BY r.finished_at, r.number, a.number
        """)
    static let promotions = Statement(
        """
        SELECT COALESCE(r.claim_run, ''), r.token_id, t.name, 'rotate', COALESCE(r.policy, ''),
          COALESCE(r.rule, ''), COALESCE(r.reason, ''), COALESCE(r.message, r.claim_cause), r.deadline,
          'done', NULL, r.promoted_at, NULL
        FROM rotations r JOIN tokens t ON t.id = r.token_id
        WHERE r.promoted_at >= $1 AND r.promoted_at <= $2 AND r.from_version > 0 ORDER BY r.promoted_at, r.id
        """)
    static let unrecordedRotations = Statement(
        """
        SELECT r.claim_run, r.token_id, t.name, 'rotate', r.policy, r.rule, r.reason, r.message, r.deadline,
          CASE r.phase WHEN 'done' THEN 'done' WHEN 'closed' THEN 'failed' ELSE 'started' END,
          r.cause, CAST($2 AS BIGINT), NULL
        FROM rotations r JOIN tokens t ON t.id = r.token_id
        WHERE r.claim_run = $1 AND r.policy IS NOT NULL AND NOT EXISTS
          (SELECT 1 FROM run_actions a
           WHERE a.run = $1 AND a.token_id = r.token_id AND a.action = 'rotate')
        ORDER BY r.id
        """)
    /// One count for each outcome, in the order of `Outcome.allCases`.
    static let outcomesOfRun = Statement(
        "SELECT \(outcomeCounts.joined(separator: ", ")) FROM run_actions WHERE run = $1")
    private static let outcomeCounts = Outcome.allCases.map {
        "count(*) FILTER (WHERE outcome = '\($0.rawValue)')"
    }
    static let lastRun = Statement("SELECT \(runColumns) FROM runs ORDER BY number DESC LIMIT 1")
    static let firstRunStart = Statement("SELECT started_at FROM runs WHERE number > 0 ORDER BY number LIMIT 1")
    static let runNumber = Statement("SELECT number FROM runs WHERE id = $1")
    static let unfinishedRuns = Statement(
        "SELECT \(runColumns), number FROM runs WHERE finished_at IS NULL ORDER BY number")
    /// The plus keeps SQLite from taking the index by time, and then sorting all that is due for a few.
    static let dueDeliveries = Statement(
        """
        SELECT e.id, e.type, e.at, e.data, d.endpoint, d.attempts
        FROM deliveries d JOIN events e ON e.id = d.event_id
        WHERE d.endpoint = $1 AND d.state = 'waiting' AND +d.next_attempt_at <= $2
        ORDER BY d.number LIMIT $3
        """)
    static let nextDelivery = Statement(
        "SELECT min(next_attempt_at) FROM deliveries WHERE endpoint = $1 AND state = 'waiting'")
    static let nextAwaitedEndpoint = Statement(
        "SELECT min(endpoint) FROM deliveries WHERE endpoint > $1 AND state = 'waiting'")
    static let deliveryColumns = """
        e.id, e.type, e.at, d.endpoint, d.state, d.attempts, d.next_attempt_at, d.status, d.cause
        """
    static let deliveriesInState = Statement(
        """
        SELECT \(deliveryColumns)
        FROM deliveries d JOIN events e ON e.id = d.event_id
        WHERE d.state = $1 ORDER BY d.number
        """)
    static let deliveryCounts = Statement("SELECT state, count(*) FROM deliveries GROUP BY state")
}
