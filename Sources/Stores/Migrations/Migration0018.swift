extension Migration {
    /// Who was told of which action before it is taken.
    static let notices = Migration(number: 18) { dialect in
        """
        -- One row for each notice that holds, like an open finding: an action of a rule over a token. A finding opens
        -- when a rule is broken; a notice comes before that, and outlives no change of what it tells of.
        CREATE TABLE notices (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          policy \(dialect.ordered) NOT NULL,
          rule \(dialect.ordered) NOT NULL,
          action TEXT NOT NULL,
          origin \(dialect.integer),
          start \(dialect.integer),
          lead \(dialect.integer) NOT NULL,
          first_sent_at \(dialect.integer) NOT NULL,
          sent_at \(dialect.integer) NOT NULL,
          PRIMARY KEY (token_id, policy, rule, action)
        )\(dialect.strict);
        """
    }
}
