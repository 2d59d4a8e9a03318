extension Migration {
    /// Actions that are called for and cannot be taken, so that somebody is told once of each.
    static let blocks = Migration(number: 9) { dialect in
        """
        ALTER TABLE run_actions ADD COLUMN blocked TEXT;
        CREATE TABLE blocks (
          token_id \(dialect.ordered) PRIMARY KEY REFERENCES tokens (id),
          action TEXT NOT NULL,
          policy TEXT NOT NULL,
          rule TEXT NOT NULL,
          reason TEXT NOT NULL,
          cause TEXT NOT NULL,
          since \(dialect.integer) NOT NULL
        )\(dialect.strict);
        """
    }
}
