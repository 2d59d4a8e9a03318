/// What stands in the way of actions: one row for each token whose action is blocked.
extension Statement {
    static let blocking: [Statement] = [blocks, openBlock, closeBlock]

    static let blocks = Statement(
        "SELECT token_id, action, policy, rule, reason, cause, since FROM blocks ORDER BY token_id")
    /// Nothing where the same is known already.
    static let openBlock = Statement(
        """
        INSERT INTO blocks (token_id, action, policy, rule, reason, cause, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (token_id) DO UPDATE SET
          action = excluded.action, policy = excluded.policy, rule = excluded.rule, reason = excluded.reason,
          cause = excluded.cause, since = excluded.since
        WHERE blocks.action <> excluded.action OR blocks.reason <> excluded.reason
        """)
    static let closeBlock = Statement(
        "DELETE FROM blocks WHERE token_id = $1 AND action = $2 AND reason = $3")
}
