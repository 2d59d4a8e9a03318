extension Migration {
    /// When policies run next, so that a restart changes nothing.
    static let schedules = Migration(number: 5) { dialect in
        """
        CREATE TABLE schedules (
          policy \(dialect.ordered) PRIMARY KEY,
          schedule TEXT NOT NULL,
          next_due \(dialect.integer) NOT NULL,
          last_fired \(dialect.integer),
          CHECK (last_fired IS NULL OR last_fired < next_due)
        )\(dialect.strict);
        """
    }
}
