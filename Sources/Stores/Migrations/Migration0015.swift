extension Migration {
    /// When somebody was told of a rotation, apart for each reason.
    static let alarms = Migration(number: 15) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN use_alarmed_at \(dialect.integer);
        """
    }
}
