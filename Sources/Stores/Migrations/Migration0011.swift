extension Migration {
    /// Stops of everything destructive, by a person, with a reason and perhaps an end.
    static let freezes = Migration(number: 11) { dialect in
        """
        CREATE TABLE freezes (
          id \(dialect.growing),
          reason TEXT NOT NULL,
          actor TEXT NOT NULL,
          begun_at \(dialect.integer) NOT NULL,
          ends_at \(dialect.integer),
          ended_at \(dialect.integer)
        )\(dialect.strict);
        CREATE INDEX freezes_by_end ON freezes (ended_at);
        """
    }
}
