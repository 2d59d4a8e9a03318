extension Migration {
    /// From where it is looked whether a value was ever visible: the base of the first attempt, which later ones leave
    /// as it is. Null where a row that an earlier release wrote was sent more than once: nobody knows.
    static let firstBases = Migration(number: 7) { _ in
        """
        ALTER TABLE pushes ADD COLUMN first_base TEXT;
        UPDATE pushes SET first_base = base WHERE attempt = 1;
        """
    }
}
