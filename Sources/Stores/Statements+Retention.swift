/// What is older than it is kept: `$1` is the horizon, `$2` how many rows.
extension Statement {
    static let retaining: [Statement] = [
        oldFindingsFound, removeOldFindings, oldActionsFound, removeOldActions, oldEventsFound, removeOldDeliveries,
        removeOldEvents, oldPlansFound, oldPlanActionsFound, removeOldPlanActions, removeOldPlans,
        oldUsesFound, removeOldUses, oldUsageReportsFound, removeOldUsageReports, facts,
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

    /// The one before each that is as old, from the day `$3` on: what was looked through is not looked through again.
    /// So the last one before the horizon stays, and a report of any instant since tells of it. What was only refused
    /// takes no use away.
    private static let oldUses = """
        SELECT n.token_id, n.version, (SELECT max(u.day) \(earlierUse)) FROM usage n
        WHERE n.day >= $3 AND n.day < $1 AND COALESCE(n.noted_at, n.day) < $1 AND EXISTS (SELECT 1 \(earlierUse))
        ORDER BY n.day LIMIT $2
        """
    private static let earlierUse = """
        FROM usage u WHERE u.token_id = n.token_id AND u.version = n.version AND u.day < n.day
          AND (n.uses > 0 OR u.uses = 0)
        """
    static let oldUsesFound = Statement(oldUses)
    static let removeOldUses = Statement("DELETE FROM usage WHERE (token_id, version, day) IN (\(oldUses))")

    /// The same of what was told of use.
    private static let oldUsageReports = """
        SELECT n.token_id, (SELECT max(u.noted_at) \(earlierReport)) FROM usage_reports n
        WHERE n.noted_at >= $3 AND n.noted_at < $1 AND EXISTS (SELECT 1 \(earlierReport))
        ORDER BY n.noted_at LIMIT $2
        """
    private static let earlierReport =
        "FROM usage_reports u WHERE u.token_id = n.token_id AND u.noted_at < n.noted_at"
    static let oldUsageReportsFound = Statement(oldUsageReports)
    static let removeOldUsageReports = Statement(
        "DELETE FROM usage_reports WHERE (token_id, noted_at) IN (\(oldUsageReports))")
}
