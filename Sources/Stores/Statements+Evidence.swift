/// What says whether a report is complete.
extension Statement {
    static let evidence: [Statement] = [origins, sentNotices, deliveriesOfEvent, addEventAgain, addDeliveryAgain]

    /// As the index has it, word for word.
    private static let isOrigin = """
        (action = 'inventory.import' OR action = 'usage.import' OR action = 'policies.load'
          OR action = 'plan.approve')
        """
    static let origins = Statement(
        """
        SELECT number, at, actor, action, object, body FROM audit
        WHERE \(isOrigin) AND at <= $1 AND number > 0 ORDER BY at, number
        """)
    static let sentNotices = Statement(
        """
        SELECT id, at, token_id, data FROM events
        WHERE type = 'token.action_due' AND at >= $1 AND at <= $2 ORDER BY at DESC, id DESC
        """)
    static let deliveriesOfEvent = Statement(
        "SELECT endpoint, state, changed_at FROM deliveries WHERE event_id = $1 ORDER BY endpoint")
    static let addEventAgain = Statement(
        "INSERT INTO events (id, type, token_id, at, data) VALUES ($1, 'token.action_due', $2, $3, $4)")
    static let addDeliveryAgain = Statement(
        """
        INSERT INTO deliveries (event_id, endpoint, state, attempts, next_attempt_at, changed_at)
        VALUES ($1, $2, $3, 0, CAST($4 AS BIGINT), CAST($4 AS BIGINT))
        """)
}
