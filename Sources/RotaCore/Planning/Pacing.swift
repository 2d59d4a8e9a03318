extension PlannedAction {
    /// Whether a run takes it, and it changes something.
    ///
    /// A notification changes nothing, so it takes no share of a pace or a limit; else the standing ones
    /// would crowd out the rest night after night.
    package var takesEffect: Bool { takesEffect(approved: false) }

    /// - parameter approved: whether what waits for an approval counts as taken.
    package func takesEffect(approved: Bool) -> Bool {
        blocked == nil && action != .notify && (hold == nil || approved && hold == .approval)
    }
}
