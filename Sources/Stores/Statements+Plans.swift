/// Saved plans.
extension Statement {
    static let planning: [Statement] = [
        savedPlan, savedPlans, openPlans, savedActions, savedActionsByToken, savedActionCount, savePlan, saveAction,
        approvePlan,
        withdrawPlan, applyPlan,
    ]

    private static let planColumns = """
        id, policy, digest, policies_digest, instance, generation, made_at, expires_at, requester, account, \
        requester_token, actions, needs_approval, approver, approved_at, approval_ends_at, approved_digest, comment, \
        ended_at, ended_as, ended_by, cause, run, generation_id, approver_account, approver_token
        """
    private static let actionColumns = """
        token_id, name, owner, revision, action, policy, rule, parameters, reason, message, deadline
        """

    static let savedPlan = Statement("SELECT \(planColumns) FROM plans WHERE id = $1")
    /// From the latest one on, by their numbers.
    static let savedPlans = Statement(
        "SELECT \(planColumns), number FROM plans WHERE number < $1 ORDER BY number DESC LIMIT $2")
    static let openPlans = Statement(
        "SELECT \(planColumns) FROM plans WHERE ended_at IS NULL AND expires_at > $1 ORDER BY expires_at, number")
    static let savedActions = Statement(
        """
        SELECT \(actionColumns) FROM plan_actions
        WHERE plan = (SELECT number FROM plans WHERE id = $1) AND place >= $2 ORDER BY place
        """)
    /// The sign has it walk along the index by token, in whose order they come.
    static let savedActionsByToken = Statement(
        """
        SELECT \(actionColumns) FROM plan_actions
        WHERE plan = (SELECT number FROM plans WHERE id = $1) AND +place >= $2 ORDER BY token_id
        """)

    static let savedActionCount = Statement(
        """
        SELECT COUNT(*) FROM plan_actions WHERE plan = (SELECT number FROM plans WHERE id = $1) AND action = $2
        """)

    static let savePlan = Statement(
        """
        INSERT INTO plans (id, policy, digest, policies_digest, instance, generation, made_at, expires_at, requester,
          account, requester_token, actions, needs_approval, generation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING number
        """)
    static let saveAction = Statement(
        """
        INSERT INTO plan_actions (plan, place, \(actionColumns))
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """)
    /// Somebody else's yes to the very plan, while no other holds. Who is one and the same under different names is
    /// told apart before.
    static let approvePlan = Statement(
        """
        UPDATE plans SET approver = CAST($3 AS TEXT), approved_at = CAST($4 AS BIGINT),
          approval_ends_at = CAST($5 AS BIGINT), approved_digest = $2, comment = $6,
          approver_account = $7, approver_token = CAST($8 AS TEXT)
        WHERE id = $1 AND digest = $2 AND ended_at IS NULL AND expires_at > $4 AND requester <> $3
          AND (requester_token IS NULL OR requester_token <> COALESCE($8, ''))
          AND (approver IS NULL OR approval_ends_at <= $4 OR approved_digest <> digest)
        """)
    static let withdrawPlan = Statement(
        """
        UPDATE plans SET ended_at = $2, ended_as = 'withdrawn', ended_by = $3, cause = $4
        WHERE id = $1 AND ended_at IS NULL
        """)
    /// Once, however many ask for it.
    static let applyPlan = Statement(
        """
        UPDATE plans SET ended_at = CAST($2 AS BIGINT), ended_as = 'applied', ended_by = $3, cause = $4, run = $5
        WHERE id = $1 AND ended_at IS NULL AND expires_at > $2
          AND (needs_approval = 0 OR (approved_digest = digest AND approval_ends_at > $2))
        """)
}
