extension Migration {
    /// Plans that were saved, to be approved and applied as they are.
    static let plans = Migration(number: 20) { dialect in
        """
        CREATE TABLE plans (
          number \(dialect.growing),
          id \(dialect.ordered) NOT NULL UNIQUE,
          policy TEXT,
          digest TEXT NOT NULL,
          policies_digest TEXT NOT NULL,
          instance TEXT NOT NULL,
          generation \(dialect.integer) NOT NULL,
          generation_id TEXT NOT NULL,
          made_at \(dialect.integer) NOT NULL,
          expires_at \(dialect.integer) NOT NULL,
          requester TEXT NOT NULL,
          account TEXT NOT NULL,
          requester_token TEXT,
          actions \(dialect.integer) NOT NULL,
          needs_approval \(dialect.integer) NOT NULL,
          approver TEXT,
          approver_account TEXT,
          approver_token TEXT,
          approved_at \(dialect.integer),
          approval_ends_at \(dialect.integer),
          approved_digest TEXT,
          comment TEXT,
          ended_at \(dialect.integer),
          ended_as TEXT CHECK (ended_as IN ('applied', 'withdrawn')),
          ended_by TEXT,
          cause TEXT,
          run TEXT
        )\(dialect.strict);
        CREATE INDEX plans_open ON plans (expires_at, number) WHERE ended_at IS NULL;

        -- What is to be done, as it was planned; never changed.
        CREATE TABLE plan_actions (
          plan \(dialect.integer) NOT NULL REFERENCES plans (number),
          place \(dialect.integer) NOT NULL,
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          name TEXT NOT NULL,
          owner TEXT NOT NULL,
          revision \(dialect.integer) NOT NULL,
          action TEXT NOT NULL,
          policy TEXT NOT NULL,
          rule TEXT NOT NULL,
          parameters TEXT NOT NULL,
          reason TEXT NOT NULL,
          message TEXT NOT NULL,
          deadline \(dialect.integer),
          PRIMARY KEY (plan, place)
        )\(dialect.strict);
        CREATE UNIQUE INDEX plan_actions_by_token ON plan_actions (plan, token_id);
        """
    }
}
