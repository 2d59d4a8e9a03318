extension Migration {
    /// Who has which checkpoint of the audit log.
    static let witnesses = Migration(
        number: 28, sqlite: tables(.sqlite) + sqliteTriggers, postgres: tables(.postgres) + postgresTriggers)

    private static func tables(_ dialect: Dialect) -> String {
        """
        -- What each witness took last, and where it was then.
        CREATE TABLE witnesses (
          name \(dialect.ordered) PRIMARY KEY,
          kind TEXT NOT NULL,
          place TEXT NOT NULL,
          size \(dialect.integer) NOT NULL,
          taken_at \(dialect.integer) NOT NULL
        )\(dialect.strict);
        -- Those that take nothing now; gone with the next checkpoint that is taken.
        CREATE TABLE witness_failures (
          name \(dialect.ordered) PRIMARY KEY,
          kind TEXT NOT NULL,
          place TEXT NOT NULL,
          since \(dialect.integer) NOT NULL,
          failures \(dialect.integer) NOT NULL,
          next_attempt_at \(dialect.integer) NOT NULL,
          cause TEXT NOT NULL
        )\(dialect.strict);
        -- All that was ever taken.
        CREATE TABLE witnessed (
          name \(dialect.ordered) NOT NULL,
          taken_at \(dialect.integer) NOT NULL,
          size \(dialect.integer) NOT NULL,
          kind TEXT NOT NULL,
          place TEXT NOT NULL,
          PRIMARY KEY (name, taken_at, size)
        )\(dialect.strict);

        """
    }

    private static let sqliteTriggers = """
        CREATE TRIGGER witnessed_is_not_changed BEFORE UPDATE ON witnessed
          BEGIN SELECT RAISE(ABORT, 'what witnesses have taken stays'); END;
        CREATE TRIGGER witnessed_is_not_removed BEFORE DELETE ON witnessed
          BEGIN SELECT RAISE(ABORT, 'what witnesses have taken stays'); END;
        """

    private static let postgresTriggers = """
        CREATE TRIGGER witnessed_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON witnessed
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();
        """
}
