extension Migration {
    /// Logs of uses that were imported are among what a report was built from.
    static let usageOrigins = Migration(number: 31) { _ in
        """
        DROP INDEX audit_of_origins;
        CREATE INDEX audit_of_origins ON audit (at, number)
          WHERE (action = 'inventory.import' OR action = 'usage.import' OR action = 'policies.load'
            OR action = 'plan.approve');
        """
    }
}
