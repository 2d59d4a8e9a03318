import SQLite
import Testing

@testable import Stores

/// Whether SQLite answers by index ranges, so that a run costs what is due and not what exists.
@Suite struct QueryPlanTests {
    let scratch: Scratch
    let driver: SQLiteDriver

    init() throws {
        scratch = try Scratch()
        try scratch.create()
        driver = try SQLiteDriver(path: scratch.path, mode: .readOnly)
    }

    private func plan(of statement: Statement) throws -> [String] {
        var parameters = 0
        while statement.sql.contains("$\(parameters + 1)") { parameters += 1 }
        let values = Array(repeating: SQLite.Value.null, count: parameters)
        return try driver.all(Statement("EXPLAIN QUERY PLAN " + statement.sql), values) { $0.text(3) }
    }

    static let ranges: [(Statement, String)] = [
        (.issuedAtOrBefore, "SEARCH tokens USING INDEX tokens_by_age (oldest_issued_at<?)"),
        (.overlapEndedAtOrBefore, "SEARCH tokens USING INDEX tokens_by_overlap (overlap_ends_at<?)"),
        (.idleSinceAtOrBefore, "SEARCH tokens USING INDEX tokens_by_idleness (idle_since<?)"),
        (.withoutExpiry, "SEARCH tokens USING INDEX tokens_by_end (expires_at=?)"),
        (.lifetimeMoreThan, "SEARCH tokens USING INDEX tokens_by_lifetime (lifetime>?)"),
        (.expiresAfter, "SEARCH tokens USING INDEX tokens_by_end (expires_at>?)"),
        (.expiredAtOrBefore, "SEARCH tokens USING INDEX tokens_by_end (expires_at<?)"),
        (.expiredInQuarantine, "SEARCH tokens USING INDEX tokens_quarantined_by_end (expires_at<?)"),
        (.ofOwner, "SEARCH tokens USING INDEX tokens_by_owner (owner=?)"),
        (.nextOwner, "SEARCH tokens USING INDEX tokens_by_owner (owner>?)"),
        (.ofScopes, "SEARCH tokens USING INDEX tokens_by_scopes (scopes=?)"),
        (.nextScopes, "SEARCH tokens USING INDEX tokens_by_scopes (scopes>?)"),
        (.ofOwnerWithRoles, "SEARCH tokens USING INDEX tokens_with_roles (owner=?)"),
        (.madeBeyond, "SEARCH tokens USING INDEX tokens_made (owner=?)"),
        (.namesAfter, "SEARCH tokens USING INDEX tokens_live_name (name>?)"),
        (.activeOfName, "SEARCH tokens USING INDEX tokens_by_name (name=?)"),
        (.withoutDescription, "SEARCH tokens USING INDEX tokens_undescribed (description=?)"),
        (.withoutDestination, "SEARCH tokens USING INDEX tokens_unplaced (destination_count=?)"),
        (.seenFromAddresses, "SEARCH tokens USING INDEX tokens_by_addresses (addresses_seen>?)"),
        (.seenFromAgents, "SEARCH tokens USING INDEX tokens_by_agents (agents_seen>?)"),
        (.liveTokenNamed, "SEARCH tokens USING INDEX tokens_live_name (name=?)"),
        (.nextPolicyOfNotices, "SEARCH notices USING COVERING INDEX notices_by_policy (policy>?)"),
        (.noticesOfPolicy, "SEARCH notices USING INDEX notices_by_policy (policy=?)"),
        (.unfinishedRotation, "SEARCH rotations USING INDEX rotations_unfinished (token_id=?)"),
        (.auditEntriesOfObject, "SEARCH audit USING INDEX audit_by_object (object=? AND number>?)"),
        (
            .auditEntriesOfObjectBack,
            "SEARCH audit USING INDEX audit_by_object (object=? AND number<?)"
        ),
        (.auditEntriesBack, "SEARCH audit USING INTEGER PRIMARY KEY (rowid<?)"),
        (.tokensWithoutValue, "SCAN tokens USING INDEX tokens_without_value"),
        (.stalledRotations, "SCAN rotations USING INDEX rotations_stalled"),
        (.nextDelivery, "SEARCH deliveries USING INDEX deliveries_due (endpoint=?)"),
        (.waivers, "SEARCH waivers USING INTEGER PRIMARY KEY (rowid<?)"),
        (.waiver, "SEARCH waivers USING INDEX sqlite_autoindex_waivers_1 (id=?)"),
        (.waiversInForce, "SEARCH waivers USING INDEX waivers_by_end (state=? AND ends_at>?)"),
        (.waiversAskedFor, "SEARCH waivers USING INDEX waivers_of_policy (policy=? AND state=? AND ends_at>?)"),
        (.waiversEnding, "SEARCH waivers USING INDEX waivers_by_end (state=? AND ends_at<?)"),
        (.waiversAbout, "SEARCH waivers USING INDEX waivers_of_policy (policy=? AND state=? AND ends_at>?)"),
        (.savedPlans, "SEARCH plans USING INTEGER PRIMARY KEY (rowid<?)"),
        (.savedPlan, "SEARCH plans USING INDEX sqlite_autoindex_plans_1 (id=?)"),
        (.openPlans, "SEARCH plans USING INDEX plans_open (expires_at>?)"),
        (.allTokens, "SCAN tokens USING INDEX tokens_by_name"),
        (.openRotationCount, "SEARCH rotations USING COVERING INDEX rotations_open (phase=?)"),
        (.stalledRotationCount, "SCAN rotations USING INDEX rotations_stalled"),
        (.blockCounts, "SCAN blocks USING COVERING INDEX blocks_by_reason"),
        (.lastFinishedRun, "SEARCH runs USING INDEX runs_by_finish (finished_at>?)"),
        (.unfinishedRunStart, "SEARCH runs USING INDEX runs_by_finish (finished_at=?)"),
        (.openFindingCounts, "SCAN findings USING COVERING INDEX findings_open_by_rule"),
    ]

    @Test(arguments: ranges)
    func `a question is one range of the right index`(statement: Statement, expected: String) throws {
        #expect(try plan(of: statement) == [expected])
    }

    @Test func `a value is found by two look-ups`() throws {
        #expect(
            try plan(of: .valueWithDigest) == [
                "SEARCH v USING INDEX versions_digest (digest=?)",
                "SEARCH t USING INDEX sqlite_autoindex_tokens_1 (id=?)",
            ])
    }

    @Test func `a page of deliveries is one range of its state, or of its endpoint`() throws {
        let events = "SEARCH e USING INDEX sqlite_autoindex_events_1 (id=?)"
        #expect(
            try plan(of: .deliveriesAfter) == [
                "SEARCH d USING INDEX deliveries_by_state (state=? AND rowid>?)", events,
            ])
        #expect(
            try plan(of: .deliveriesToEndpointAfter) == [
                "SEARCH d USING INDEX deliveries_by_endpoint (endpoint=? AND state=? AND rowid>?)", events,
            ])
    }

    @Test func `missing tokens are found from their absences, in order`() throws {
        #expect(
            try plan(of: .absentTokens) == [
                "SCAN a USING INDEX absences_by_time", "SEARCH t USING INDEX sqlite_autoindex_tokens_1 (id=?)",
            ])
    }

    /// What may look at every row that its answer is made of.
    static let scans: [Statement] = [
        .allTokens, .tokensInStates, .unsortedTokens, .unfinishedRotations, .openFindings, .openSpans,
        .openFindingCounts, .deliveryCounts,
        .activeCount, .lastRun, .tokensWithoutValue, .stalledRotations, .heartbeats, .beginTracking, .schedules,
        .stalledRotationCount, .failedAttemptCount, .blockCounts, .deliveriesOfEndpoints,
        .destinationCounts, .blocks, .failedAttempts, .disabledEndpoints, .absentTokens, .absentCount,
        .usageKnown, .heartbeatsKnown, .deliveryCountsKnown,
    ]

    /// It would look through the push rows, but only while a foreign key is violated.
    static let referencing: [Statement] = [.addDestination]

    @Test(arguments: Statement.all.filter { !(scans + referencing).contains($0) })
    func `nothing else scans a table`(statement: Statement) throws {
        let scanning = try plan(of: statement).filter { $0.hasPrefix("SCAN") }
        #expect(scanning.isEmpty, "\(statement.sql)")
    }

    /// What is sorted is a handful: tokens of one name, destinations of one token.
    @Test(arguments: Statement.all.filter { ![.tokenOfName, .destinations].contains($0) })
    func `nothing that may be large is sorted`(statement: Statement) throws {
        #expect(try !plan(of: statement).contains { $0.contains("TEMP B-TREE") }, "\(statement.sql)")
    }
}
