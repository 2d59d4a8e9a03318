/// Waivers: few at a time, and kept for ever.
extension Statement {
    static let waiving: [Statement] = [
        waiver, waivers, waiversInForce, waiversAbout, waiversEnding, waiversAskedFor, requestWaiver, approveWaiver,
        tellWaiverEnd,
        expireWaiver, withdrawWaiver,
    ]

    private static let columns = """
        id, state, token_id, selector, policy, rule, reason, requester, requester_account, requester_token,
        requested_at, ends_at, approver, approver_account, approver_token, approved_at, comment, told_lead, ended_at,
        ended_by, cause
        """

    static let waiver = Statement("SELECT \(columns) FROM waivers WHERE id = $1")
    static let waivers = Statement("SELECT \(columns), number FROM waivers WHERE number < $1 ORDER BY number DESC")
    static let waiversInForce = Statement(
        "SELECT \(columns) FROM waivers WHERE state = 'active' AND ends_at > $1 ORDER BY ends_at, number")
    static let waiversAbout = Statement(
        """
        SELECT \(columns) FROM waivers
        WHERE policy = $1 AND state = 'active' AND ends_at > $2 AND (token_id IS NULL OR token_id = $3)
        ORDER BY ends_at, number
        """)
    /// Asked of each state by itself, so that it is a range.
    static let waiversEnding = Statement(
        "SELECT \(columns) FROM waivers WHERE state = $1 AND ends_at <= $2 ORDER BY ends_at, number")
    static let waiversAskedFor = Statement(
        """
        SELECT \(columns) FROM waivers WHERE policy = $1 AND state = 'requested' AND ends_at > $2
        ORDER BY ends_at, number
        """)

    static let requestWaiver = Statement(
        """
        INSERT INTO waivers (id, state, token_id, selector, policy, rule, reason, requester, requester_account,
          requester_token, requested_at, ends_at)
        VALUES ($1, 'requested', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)
    /// Never by who asked for it, by name or by token.
    static let approveWaiver = Statement(
        """
        UPDATE waivers SET state = 'active', approver = $2, approver_account = $3, approver_token = $4,
          approved_at = $5, comment = $6
        WHERE id = $1 AND state = 'requested' AND ends_at > $5 AND requester <> $2
          AND (requester_token IS NULL OR requester_token <> $4)
        """)
    /// Nothing where this notice or a nearer one was sent.
    static let tellWaiverEnd = Statement(
        """
        UPDATE waivers SET told_lead = $2
        WHERE id = $1 AND state = 'active' AND ends_at > $3 AND (told_lead IS NULL OR told_lead > $2)
        """)
    static let expireWaiver = Statement(
        """
        UPDATE waivers SET state = 'expired', ended_at = $2, ended_by = $3, cause = $4
        WHERE id = $1 AND state IN ('requested', 'active') AND ends_at <= $2
        """)
    static let withdrawWaiver = Statement(
        """
        UPDATE waivers SET state = 'withdrawn', ended_at = $2, ended_by = $3, cause = $4
        WHERE id = $1 AND state IN ('requested', 'active')
        """)
}
