/// That one tracker ran without a break for a while: it answers for values, and so sees who uses them.
///
/// A tracker that nobody asks sees nothing. So it counts only from the first time it was asked, and no longer
/// than `longestSilence` after the last: whoever runs one without asking it must not find all tokens unused.
package struct Heartbeat: Hashable, Sendable {
    /// Such as `serve:host-a`.
    package var tracker: String
    /// When this stretch began: when it was started, or first asked.
    package var startedAt: Instant
    /// When it last said that it ran, and that all it saw until then was written down.
    package var beatAt: Instant
    /// When it was last asked about a value; nil: never in this stretch.
    package var askedAt: Instant?

    /// How the trackers of imported logs are called: what they watched was told, and not seen here.
    package static let importPrefix = "import:"

    /// How long a tracker that nobody asks is still believed to see everything.
    package static let longestSilence = TimeSpan.days(7)

    package init(tracker: String, startedAt: Instant, beatAt: Instant, askedAt: Instant?) {
        self.tracker = tracker
        self.startedAt = startedAt
        self.beatAt = beatAt
        self.askedAt = askedAt
    }

    /// From when to when uses would have been seen; nil when they would not.
    package var watched: ClosedRange<Instant>? {
        guard let askedAt else { return nil }
        let end = min(beatAt, askedAt + Self.longestSilence)
        return end > startedAt ? startedAt...end : nil
    }

    /// Whether an imported log says so.
    package var isTold: Bool { tracker.hasPrefix(Self.importPrefix) }

    /// The same, but nothing of it later than an instant: what a clock that was ahead for a while said is not so.
    package func notLater(than end: Instant) -> Heartbeat {
        Heartbeat(
            tracker: tracker, startedAt: min(startedAt, end), beatAt: min(beatAt, end),
            askedAt: askedAt.map { min($0, end) })
    }
}
