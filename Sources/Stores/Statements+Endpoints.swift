/// Webhooks whose receiver wants no more events.
extension Statement {
    static let endpoints: [Statement] = [disabledEndpoints, disableEndpoint, noteRefusal, enableEndpoint]

    static let disabledEndpoints = Statement(
        "SELECT name, place, disabled_at, status, cause FROM disabled_endpoints ORDER BY name")
    static let disableEndpoint = Statement(
        """
        INSERT INTO disabled_endpoints (name, place, disabled_at, status, cause) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """)
    /// It waits on, and this was none of its attempts.
    static let noteRefusal = Statement(
        """
        UPDATE deliveries SET status = $3, cause = $4, changed_at = $5
        WHERE event_id = $1 AND endpoint = $2 AND state = 'waiting'
        """)
    static let enableEndpoint = Statement("DELETE FROM disabled_endpoints WHERE name = $1")
}
