extension Migration {
    /// What is older than it is kept is found by these, and what says whether a report is complete.
    static let retention = Migration(number: 29) { _ in
        """
        CREATE INDEX events_by_time ON events (at, id);
        CREATE INDEX plans_by_end ON plans (expires_at, number);
        CREATE INDEX usage_by_day ON usage (day);
        CREATE INDEX events_of_notices ON events (at, id) WHERE type = 'token.action_due';
        CREATE INDEX audit_of_origins ON audit (at, number)
          WHERE (action = 'inventory.import' OR action = 'policies.load' OR action = 'plan.approve');
        """
    }
}
