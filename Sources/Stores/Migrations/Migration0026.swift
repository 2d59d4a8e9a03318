extension Migration {
    /// The audit log as a Merkle tree, and what was signed of it. Nothing of it is ever changed or taken back.
    static let checkpoints = Migration(
        number: 26, sqlite: tables(.sqlite) + sqliteTriggers, postgres: tables(.postgres) + postgresTriggers)

    private static func tables(_ dialect: Dialect) -> String {
        """
        -- Hashes over complete subtrees of 256 and of 65,536 entries.
        CREATE TABLE audit_subtrees (
          level \(dialect.integer) NOT NULL,
          place \(dialect.integer) NOT NULL,
          hash \(dialect.bytes) NOT NULL,
          PRIMARY KEY (level, place)
        )\(dialect.strict);
        CREATE TABLE checkpoints (
          size \(dialect.integer) PRIMARY KEY,
          root \(dialect.bytes) NOT NULL,
          at \(dialect.integer) NOT NULL,
          note TEXT NOT NULL
        )\(dialect.strict);
        CREATE TABLE checkpoint_keys (
          number \(dialect.growing),
          key TEXT NOT NULL,
          since \(dialect.integer) NOT NULL
        )\(dialect.strict);

        """
    }

    private static let frozen = ["audit_subtrees", "checkpoints", "checkpoint_keys"]

    private static var sqliteTriggers: String {
        frozen.map { table in
            """
            CREATE TRIGGER \(table)_are_not_changed BEFORE UPDATE ON \(table)
              BEGIN SELECT RAISE(ABORT, 'what was signed of the audit log stays'); END;
            CREATE TRIGGER \(table)_are_not_removed BEFORE DELETE ON \(table)
              BEGIN SELECT RAISE(ABORT, 'what was signed of the audit log stays'); END;

            """
        }.joined()
    }

    private static var postgresTriggers: String {
        frozen.map { table in
            """
            CREATE TRIGGER \(table)_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON \(table)
              FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();

            """
        }.joined()
    }
}
