extension Migration {
    /// Exceptions from policies: asked for, approved by somebody else, and at their end some day.
    static let waivers = Migration(number: 21) { dialect in
        """
        CREATE TABLE waivers (
          number \(dialect.growing),
          id \(dialect.ordered) NOT NULL UNIQUE,
          state TEXT NOT NULL CHECK (state IN ('requested', 'active', 'expired', 'withdrawn')),
          token_id \(dialect.ordered) REFERENCES tokens (id),
          selector TEXT,
          policy \(dialect.ordered) NOT NULL,
          rule TEXT,
          reason TEXT NOT NULL,
          requester TEXT NOT NULL,
          requester_account TEXT NOT NULL,
          requester_token TEXT,
          requested_at \(dialect.integer) NOT NULL,
          ends_at \(dialect.integer) NOT NULL CHECK (ends_at > requested_at),
          approver TEXT,
          approver_account TEXT,
          approver_token TEXT,
          approved_at \(dialect.integer),
          comment TEXT,
          told_lead \(dialect.integer),
          ended_at \(dialect.integer),
          ended_by TEXT,
          cause TEXT,
          CHECK ((token_id IS NULL) <> (selector IS NULL)),
          CHECK (state <> 'active' OR approved_at IS NOT NULL),
          CHECK (approver IS NULL OR approver <> requester),
          CHECK ((state IN ('expired', 'withdrawn')) = (ended_at IS NOT NULL))
        )\(dialect.strict);
        CREATE INDEX waivers_by_end ON waivers (state, ends_at);
        CREATE INDEX waivers_of_policy ON waivers (policy, state, ends_at);
        """
    }
}
