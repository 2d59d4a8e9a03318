extension Migration {
    /// Who has a place in a vault, and which tokens have no value: both are asked before something is made.
    static let places = Migration(number: 2) { _ in
        """
        CREATE INDEX destinations_by_place ON destinations (vault, path, field);
        CREATE INDEX tokens_without_value ON tokens (name)
          WHERE state = 'active' AND current_version IS NULL;
        """
    }
}
