/// How long a rotation waits, all in all, for the consumers to change over, and how little.
package struct OverlapCap: Hashable, Sendable {
    /// From the promotion of the new value; nil: a day longer than the overlap.
    package var span: TimeSpan?
    /// The previous value is retired then even if it is still in use; else an alarm is raised, and it lives on.
    package var revokes: Bool
    /// The previous value is retired before the end of its overlap, as soon as the consumers are seen to have
    /// changed over.
    package var endsWhenIdle: Bool

    package init(_ span: TimeSpan? = nil, revokes: Bool = false, endsWhenIdle: Bool = false) {
        self.span = span
        self.revokes = revokes
        self.endsWhenIdle = endsWhenIdle
    }

    /// How long after the end of its overlap a previous value is waited for.
    package func patience(after overlap: TimeSpan) -> TimeSpan {
        span.map { max(.zero, $0 - overlap) } ?? .days(1)
    }
}
