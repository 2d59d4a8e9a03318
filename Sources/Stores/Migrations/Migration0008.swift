extension Migration {
    /// An entry of the audit log stays as it was written, whoever is at the database and whatever he means to do.
    static let appendOnly = Migration(
        number: 8,
        sqlite: """
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
              BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
            CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
              BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
            """,
        postgres: """
            CREATE FUNCTION refuse_to_change_audit() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
              FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();
            """)
}
