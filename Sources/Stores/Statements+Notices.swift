/// Notices of coming actions: one row for each that holds.
extension Statement {
    static let noticing: [Statement] = [
        nextPolicyOfNotices, noticesOfPolicy, noticesOfToken, sendNotice, withdrawNotice,
    ]

    private static let columns = "policy, rule, action, origin, start, lead, first_sent_at, sent_at"

    static let nextPolicyOfNotices = Statement("SELECT min(policy) FROM notices WHERE policy > $1")
    static let noticesOfPolicy = Statement(
        "SELECT \(columns), token_id FROM notices WHERE policy = $1 ORDER BY token_id, rule, action")
    static let noticesOfToken = Statement(
        "SELECT \(columns) FROM notices WHERE token_id = $1 ORDER BY policy, rule, action")
    /// Nothing where the same stage or a nearer one was sent already. A first notice takes the place of what was told
    /// before of another deadline.
    static let sendNotice = Statement(
        """
        INSERT INTO notices (token_id, \(columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (token_id, policy, rule, action) DO UPDATE SET
          origin = excluded.origin, start = excluded.start, lead = excluded.lead,
          first_sent_at = excluded.first_sent_at, sent_at = excluded.sent_at
        WHERE notices.first_sent_at <> excluded.first_sent_at OR notices.lead > excluded.lead
        """)
    static let withdrawNotice = Statement(
        """
        DELETE FROM notices
        WHERE token_id = $1 AND policy = $2 AND rule = $3 AND action = $4 AND first_sent_at = $5 AND sent_at = $6
        """)
}
