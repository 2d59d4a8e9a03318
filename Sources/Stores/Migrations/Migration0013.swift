extension Migration {
    /// Rotations whose older value is retired before the end of its overlap, as soon as nobody uses it.
    static let earlyRetirement = Migration(number: 13) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN retire_when_idle \(dialect.integer);
        """
    }
}
