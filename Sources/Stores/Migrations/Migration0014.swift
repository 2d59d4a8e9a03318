extension Migration {
    /// Tokens that the lists of their issuers do not have any more.
    static let absences = Migration(number: 14) { dialect in
        """
        -- One row for each live token that is missing now.
        CREATE TABLE absences (
          token_id \(dialect.ordered) PRIMARY KEY REFERENCES tokens (id),
          since \(dialect.integer) NOT NULL,
          file TEXT NOT NULL
        )\(dialect.strict);
        CREATE INDEX absences_by_time ON absences (since, token_id);
        """
    }
}
