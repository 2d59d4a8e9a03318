/// What is older than it is kept: `$1` is the horizon, `$2` how many rows.
extension Statement {
    static let retaining: [Statement] = [
        oldFindingsFound, removeOldFindings, oldActionsFound, removeOldActions, oldEventsFound, removeOldDeliveries,
        removeOldEvents, oldPlansFound, oldPlanActionsFound, removeOldPlanActions, removeOldPlans,
        oldUsesFound, removeOldUses, facts,
    ]

    /// Those of the store that begin with a text.
    static let facts = Statement("SELECT key, value FROM store WHERE key > $1 AND key < $2 ORDER BY key")

    private static let oldFindings = """
        SELECT f.id FROM findings f WHERE f.closed_at IS NOT NULL AND f.closed_at < $1 ORDER BY f.closed_at LIMIT $2
        """
    static let oldFindingsFound = Statement(oldFindings)
    static let removeOldFindings = Statement("DELETE FROM findings WHERE id IN (\(oldFindings))")

    /// Of runs that are over.
    private static let oldActions = """
        SELECT a.number FROM runs r JOIN run_actions a ON a.run = r.id
        WHERE r.finished_at < $1 ORDER BY r.finished_at LIMIT $2
        """
    static let oldActionsFound = Statement(oldActions)
    static let removeOldActions = Statement("DELETE FROM run_actions WHERE number IN (\(oldActions))")

    /// Never what still waits to be delivered, or was delivered or given up since.
    private static let oldEvents = """
        SELECT e.id FROM events e
        WHERE e.at < $1 AND NOT EXISTS
          (SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND (d.state = 'waiting' OR d.changed_at >= $1))
        ORDER BY e.at, e.id LIMIT $2
        """
    static let oldEventsFound = Statement(oldEvents)
    static let removeOldDeliveries = Statement("DELETE FROM deliveries WHERE event_id IN (\(oldEvents))")
    static let removeOldEvents = Statement("DELETE FROM events WHERE id IN (\(oldEvents))")

    private static let isOldPlan = "p.expires_at < $1 AND (p.ended_at IS NULL OR p.ended_at < $1)"
    private static let oldPlans = "SELECT p.number FROM plans p WHERE \(isOldPlan) ORDER BY p.expires_at LIMIT $2"
    private static let oldPlanActions = """
        FROM plans p JOIN plan_actions a ON a.plan = p.number WHERE \(isOldPlan) ORDER BY p.expires_at LIMIT $2
        """
    static let oldPlansFound = Statement(oldPlans)
    static let oldPlanActionsFound = Statement("SELECT a.place \(oldPlanActions)")
    static let removeOldPlanActions = Statement(
        "DELETE FROM plan_actions WHERE (plan, place) IN (SELECT a.plan, a.place \(oldPlanActions))")
    static let removeOldPlans = Statement("DELETE FROM plans WHERE number IN (\(oldPlans))")

    /// But the last ones of each value, from the day `$3` on: what was looked through is not looked through again.
    private static let oldUses = """
        SELECT u.token_id, u.version, u.day FROM usage u
        WHERE u.day >= $3 AND u.day < $1 AND EXISTS
          (SELECT 1 FROM usage n WHERE n.token_id = u.token_id AND n.version = u.version AND n.day > u.day)
        ORDER BY u.day LIMIT $2
        """
    static let oldUsesFound = Statement(oldUses)
    static let removeOldUses = Statement("DELETE FROM usage WHERE (token_id, version, day) IN (\(oldUses))")
}
