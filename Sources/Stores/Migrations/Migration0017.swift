extension Migration {
    /// Nothing. The step that was to have this number came to nothing, and the next one has been run since: no other
    /// may ever have it, or stores that are past it would go without.
    static let unused = Migration(number: 17) { _ in "" }
}
