extension Migration {
    /// How many violations are open is asked each minute, by rule: none of them is sorted for that.
    static let findingCounts = Migration(number: 23) { _ in
        """
        -- With the time, though it is none in all of them: SQLite would look it up in the table otherwise.
        CREATE INDEX findings_open_by_rule ON findings (policy, rule, closed_at) WHERE closed_at IS NULL;
        """
    }
}
