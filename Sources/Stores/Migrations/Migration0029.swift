extension Migration {
    /// What is older than it is kept is found by these.
    static let retention = Migration(number: 29) { _ in
        """
        CREATE INDEX events_by_time ON events (at, id);
        CREATE INDEX plans_by_end ON plans (expires_at, number);
        CREATE INDEX usage_by_day ON usage (day);
        """
    }
}
