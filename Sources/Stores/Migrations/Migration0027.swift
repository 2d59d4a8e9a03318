extension Migration {
    /// What a state of long ago is rebuilt from, beside the audit log: the texts of policies, and since when a use is
    /// known.
    static let pastStates = Migration(
        number: 27, sqlite: tables(.sqlite) + sqliteTriggers, postgres: tables(.postgres) + postgresTriggers)

    private static func tables(_ dialect: Dialect) -> String {
        """
        -- Up to which entry an earlier release wrote the log: its entries do not tell all that later ones do.
        INSERT INTO store (key, value) SELECT 'told_in_full_after', CAST(COALESCE(max(number), 0) AS TEXT) FROM audit;

        -- Each text that policies were ever loaded from, by its digest; who loaded it and when is in the log.
        CREATE TABLE policy_texts (
          digest TEXT PRIMARY KEY,
          text \(dialect.bytes) NOT NULL
        )\(dialect.strict);

        -- The first use of the day, and since when the row is here at all: a list of uses may come days later.
        ALTER TABLE usage ADD COLUMN first_used_at \(dialect.integer);
        ALTER TABLE usage ADD COLUMN noted_at \(dialect.integer);
        ALTER TABLE heartbeats ADD COLUMN noted_at \(dialect.integer);

        -- Those that a report tells of beside the open ones.
        CREATE INDEX findings_by_close ON findings (closed_at, token_id, id) WHERE closed_at IS NOT NULL;

        -- What was told of use by others than the trackers, and since when uses were watched; a row for each change.
        CREATE TABLE usage_reports (
          token_id \(dialect.ordered) NOT NULL REFERENCES tokens (id),
          noted_at \(dialect.integer) NOT NULL,
          last_used_at \(dialect.integer),
          tracked_since \(dialect.integer),
          asserted_until \(dialect.integer),
          PRIMARY KEY (token_id, noted_at)
        )\(dialect.strict);
        -- Of what was told before, nobody knows any more since when it is known: at the latest, since now.
        INSERT INTO usage_reports (token_id, noted_at, last_used_at, tracked_since, asserted_until)
          SELECT t.id, (SELECT max(a.at) FROM audit a), t.last_used_at, t.tracked_since, t.usage_asserted_until
          FROM tokens t
          WHERE t.last_used_at IS NOT NULL OR t.tracked_since IS NOT NULL OR t.usage_asserted_until IS NOT NULL;

        """
    }

    private static let sqliteTriggers = """
        CREATE TRIGGER policy_texts_are_not_changed BEFORE UPDATE ON policy_texts
          BEGIN SELECT RAISE(ABORT, 'texts of policies that were loaded stay'); END;
        CREATE TRIGGER policy_texts_are_not_removed BEFORE DELETE ON policy_texts
          BEGIN SELECT RAISE(ABORT, 'texts of policies that were loaded stay'); END;
        """

    private static let postgresTriggers = """
        CREATE TRIGGER policy_texts_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_texts
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();
        """
}
