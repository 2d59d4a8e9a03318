extension Migration {
    /// The number is another change's, which comes with its own step in place of this one.
    static let takenElsewhere = Migration(number: 28) { _ in "DROP INDEX IF EXISTS nothing_yet;" }
}
