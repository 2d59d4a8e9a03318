extension Migration {
    /// The schema of the first release; instants and spans are whole seconds.
    static let first = Migration(number: 1) { dialect in
        [tokens(dialect), rotations(dialect), runs(dialect), log(dialect)].joined(separator: "\n")
    }

    /// Tokens with what evaluation needs beside them, so that no scan joins; versions; destinations.
    ///
    /// Each index over active tokens serves one `CandidateQuery`; a null is in none of the ranges.
    private static func tokens(_ dialect: Dialect) -> String {
        """
        CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL)\(dialect.strict);

        CREATE TABLE tokens (
          id \(dialect.ordered) PRIMARY KEY,
          revision \(dialect.integer) NOT NULL,
          name \(dialect.ordered) NOT NULL,
          description TEXT NOT NULL,
          owner TEXT NOT NULL,
          integration TEXT NOT NULL,
          scopes TEXT NOT NULL,
          labels TEXT NOT NULL,
          prefix TEXT NOT NULL,
          issuer TEXT NOT NULL,
          external_id TEXT,
          state TEXT NOT NULL CHECK (\(one(of: ["active", "quarantined", "revoked", "expired"], "state"))),
          created_at \(dialect.integer) NOT NULL,
          created_by TEXT NOT NULL,
          expires_at \(dialect.integer),
          lifetime \(dialect.integer),
          last_used_at \(dialect.integer),
          tracked_since \(dialect.integer),
          idle_since \(dialect.integer),
          provenance TEXT NOT NULL,
          ended_at \(dialect.integer),
          ended_by TEXT,
          ended_cause TEXT,
          current_version \(dialect.integer),
          value_issued_at \(dialect.integer),
          oldest_issued_at \(dialect.integer),
          rotation_open \(dialect.integer) NOT NULL,
          awaiting_retirement \(dialect.integer) NOT NULL,
          overlap_ends_at \(dialect.integer),
          destination_count \(dialect.integer) NOT NULL,
          event_seq \(dialect.integer) NOT NULL
        )\(dialect.strict);
        CREATE INDEX tokens_by_name ON tokens (name, id);
        CREATE UNIQUE INDEX tokens_live_name ON tokens (name) WHERE state IN ('active', 'quarantined');
        CREATE UNIQUE INDEX tokens_external ON tokens (issuer, external_id) WHERE external_id IS NOT NULL;
        CREATE INDEX tokens_by_age ON tokens (oldest_issued_at)
          WHERE state = 'active' AND oldest_issued_at IS NOT NULL;
        CREATE INDEX tokens_by_idleness ON tokens (idle_since)
          WHERE state = 'active' AND idle_since IS NOT NULL;
        CREATE INDEX tokens_by_lifetime ON tokens (lifetime) WHERE state = 'active' AND lifetime IS NOT NULL;
        CREATE INDEX tokens_by_end ON tokens (expires_at) WHERE state = 'active';

        CREATE TABLE versions (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          number \(dialect.integer) NOT NULL,
          state TEXT NOT NULL
            CHECK (\(one(of: ["pending", "current", "previous", "unconfirmed", "revoked", "expired"], "state"))),
          digest \(dialect.bytes),
          hint TEXT NOT NULL,
          issued_at \(dialect.integer),
          ends_at \(dialect.integer),
          ended_at \(dialect.integer),
          PRIMARY KEY (token_id, number)
        )\(dialect.strict);
        CREATE UNIQUE INDEX versions_digest ON versions (digest) WHERE digest IS NOT NULL;
        CREATE UNIQUE INDEX versions_pending ON versions (token_id) WHERE state = 'pending';
        CREATE UNIQUE INDEX versions_current ON versions (token_id) WHERE state = 'current';

        CREATE TABLE destinations (
          id \(dialect.growing),
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          vault TEXT NOT NULL,
          path TEXT NOT NULL,
          field TEXT NOT NULL,
          baseline \(dialect.bytes)
        )\(dialect.strict);
        CREATE UNIQUE INDEX destinations_place ON destinations (token_id, vault, path, field);
        """
    }

    private static func rotations(_ dialect: Dialect) -> String {
        """
        CREATE TABLE rotations (
          id \(dialect.growing),
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          from_version \(dialect.integer) NOT NULL,
          to_version \(dialect.integer),
          phase TEXT NOT NULL CHECK (\(one(of: ["open", "overlap", "done", "closed"], "phase"))),
          overlap \(dialect.integer) NOT NULL,
          claimed_at \(dialect.integer) NOT NULL,
          claim_actor TEXT NOT NULL,
          claim_cause TEXT NOT NULL,
          claim_run TEXT,
          policy TEXT,
          failures \(dialect.integer) NOT NULL,
          next_attempt_at \(dialect.integer) NOT NULL,
          cause TEXT
        )\(dialect.strict);
        CREATE UNIQUE INDEX rotations_unfinished ON rotations (token_id) WHERE phase IN ('open', 'overlap');

        CREATE TABLE pushes (
          token_id \(dialect.ordered) NOT NULL,
          version \(dialect.integer) NOT NULL,
          destination_id \(dialect.integer) NOT NULL REFERENCES destinations (id),
          state TEXT NOT NULL CHECK (\(one(of: ["unsent", "sending", "verified", "fenced"], "state"))),
          base TEXT,
          attempt \(dialect.integer) NOT NULL,
          verified_base TEXT,
          changed_at \(dialect.integer) NOT NULL,
          PRIMARY KEY (token_id, version, destination_id),
          FOREIGN KEY (token_id, version) REFERENCES versions (token_id, number)
        )\(dialect.strict);
        """
    }

    private static func runs(_ dialect: Dialect) -> String {
        """
        CREATE TABLE runs (
          number \(dialect.growing),
          id TEXT NOT NULL UNIQUE,
          plan TEXT NOT NULL,
          actor TEXT NOT NULL,
          started_at \(dialect.integer) NOT NULL,
          finished_at \(dialect.integer),
          aborted TEXT
        )\(dialect.strict);
        CREATE INDEX runs_by_finish ON runs (finished_at, number);

        CREATE TABLE run_actions (
          number \(dialect.growing),
          run TEXT NOT NULL REFERENCES runs (id),
          token_id TEXT NOT NULL,
          name TEXT NOT NULL,
          action TEXT NOT NULL,
          policy TEXT NOT NULL,
          rule TEXT NOT NULL,
          reason TEXT NOT NULL,
          message TEXT NOT NULL,
          deadline \(dialect.integer),
          outcome TEXT NOT NULL,
          cause TEXT,
          at \(dialect.integer) NOT NULL
        )\(dialect.strict);
        CREATE INDEX run_actions_by_run ON run_actions (run, number);

        CREATE TABLE findings (
          id \(dialect.growing),
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          policy TEXT NOT NULL,
          rule TEXT NOT NULL,
          reason TEXT NOT NULL,
          message TEXT NOT NULL,
          opened_at \(dialect.integer) NOT NULL,
          closed_at \(dialect.integer),
          closed_how TEXT
        )\(dialect.strict);
        CREATE UNIQUE INDEX findings_open ON findings (token_id, policy, rule) WHERE closed_at IS NULL;
        CREATE INDEX findings_by_token ON findings (token_id, id);
        """
    }

    /// The audit log and the outbox.
    private static func log(_ dialect: Dialect) -> String {
        """
        CREATE TABLE audit (
          number \(dialect.growing),
          at \(dialect.integer) NOT NULL,
          actor TEXT NOT NULL,
          action TEXT NOT NULL,
          object TEXT NOT NULL,
          body TEXT NOT NULL
        )\(dialect.strict);
        CREATE INDEX audit_by_object ON audit (object, number);

        CREATE TABLE events (
          id TEXT PRIMARY KEY,
          type TEXT NOT NULL,
          token_id TEXT,
          seq \(dialect.integer),
          at \(dialect.integer) NOT NULL,
          data TEXT NOT NULL
        )\(dialect.strict);
        CREATE UNIQUE INDEX events_by_token ON events (token_id, seq) WHERE token_id IS NOT NULL;

        CREATE TABLE deliveries (
          number \(dialect.growing),
          event_id TEXT NOT NULL REFERENCES events (id),
          endpoint TEXT NOT NULL,
          state TEXT NOT NULL CHECK (\(one(of: ["waiting", "delivered", "dead"], "state"))),
          attempts \(dialect.integer) NOT NULL,
          next_attempt_at \(dialect.integer) NOT NULL,
          status \(dialect.integer),
          cause TEXT,
          changed_at \(dialect.integer) NOT NULL
        )\(dialect.strict);
        CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, endpoint);
        CREATE INDEX deliveries_waiting ON deliveries (endpoint, number, next_attempt_at)
          WHERE state = 'waiting';
        CREATE INDEX deliveries_due ON deliveries (endpoint, next_attempt_at) WHERE state = 'waiting';
        CREATE INDEX deliveries_by_state ON deliveries (state);
        """
    }

    /// That a column holds one of some words; for a list of them SQLite would fill a table in memory each time.
    private static func one(of words: [String], _ column: String) -> String {
        words.map { "\(column) = '\($0)'" }.joined(separator: " OR ")
    }
}
