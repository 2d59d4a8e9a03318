extension Migration {
    /// Webhooks whose receiver wants no more events: nothing is sent to them, and what waits for them is kept.
    static let disabledEndpoints = Migration(number: 10) { dialect in
        """
        CREATE TABLE disabled_endpoints (
          name \(dialect.ordered) PRIMARY KEY,
          place TEXT NOT NULL,
          disabled_at \(dialect.integer) NOT NULL,
          status \(dialect.integer),
          cause TEXT NOT NULL
        )\(dialect.strict);
        """
    }
}
