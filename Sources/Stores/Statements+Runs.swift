/// Runs a page at a time, and what they did.
extension Statement {
    static let runListing: [Statement] = [
        runsBefore, runOfID, actionsOfRun, deliveriesOfEndpoints, deliveriesAfter, deliveriesToEndpointAfter,
    ]

    static let runsBefore = Statement(
        "SELECT \(runColumns), number FROM runs WHERE number < $1 ORDER BY number DESC LIMIT $2")
    static let runOfID = Statement("SELECT \(runColumns), number FROM runs WHERE id = $1")
    static let actionsOfRun = Statement(
        """
        SELECT run, token_id, name, action, policy, rule, reason, message, deadline, outcome, cause, at, blocked, number
        FROM run_actions WHERE run = $1 AND number > $2 ORDER BY number LIMIT $3
        """)
    static let deliveriesOfEndpoints = Statement(
        "SELECT endpoint, state, count(*) FROM deliveries GROUP BY endpoint, state")
    static let deliveriesAfter = Statement(
        """
        SELECT \(deliveryColumns), d.number FROM deliveries d JOIN events e ON e.id = d.event_id
        WHERE d.state = $1 AND d.number > $2 ORDER BY d.number LIMIT $3
        """)
    static let deliveriesToEndpointAfter = Statement(
        """
        SELECT \(deliveryColumns), d.number FROM deliveries d JOIN events e ON e.id = d.event_id
        WHERE d.endpoint = $4 AND d.state = $1 AND d.number > $2 ORDER BY d.number LIMIT $3
        """)
}
