/// What must have been seen before an older value is retired: that its consumers have changed over.
///
/// Reading back proves the place, use proves the consumer. Where the use of the older value is not known,
/// time alone decides.
package struct OverlapEvidence: Hashable, Sendable {
    /// An older value that was used after this is not silent.
    package var silentSince: Instant
    /// One that was used after this is one in use: its successor must have been seen, too.
    package var inUseSince: Instant

    /// How much watched time without a use takes a value out of use, so that nobody waits for its consumer.
    package static let memory = TimeSpan.days(30)

    /// What is to be seen at `now`: silence for half of the overlap, counted while somebody watches.
    ///
    /// Half, since an overlap is to be twice as long as its slowest consumer takes to read a new value.
    ///
    /// - parameter restoredAt: when the token was last taken out of quarantine: nobody was heard in it, and so the
    ///   silence begins there, and whoever used a value before has yet to come back.
    package init(
        overlap: TimeSpan, at now: Instant, tracking: TrackingHistory, restoredAt: Instant? = nil
    ) {
        let quiet = TimeSpan(seconds: overlap.seconds / 2)
        silentSince = tracking.instant(before: now, by: quiet) ?? .beginning
        inUseSince = tracking.instant(before: now, by: Self.memory) ?? .beginning
        guard let restoredAt else { return }
        if restoredAt > silentSince { silentSince = .beginning }
        if restoredAt > inUseSince { inUseSince = .beginning }
    }

    /// Why the older value must live on.
    package enum Obstacle: Hashable, Sendable {
        /// The older value was used too lately.
        case stillUsed(last: Instant)
        /// The older value was in use, and no newer one has been.
        case newerNotSeen(last: Instant)
    }

    /// What is in the way of retiring a value; nil when its overlap is over.
    ///
    /// - parameters:
    ///   - lastUse: of the older value; nil when none was seen.
    ///   - newerUsed: whether any newer value has been seen in use.
    package func obstacle(lastUse: Instant?, newerUsed: Bool) -> Obstacle? {
        guard let lastUse else { return nil }
        if lastUse > silentSince { return .stillUsed(last: lastUse) }
        if lastUse > inUseSince, !newerUsed { return .newerNotSeen(last: lastUse) }
        return nil
    }
}

extension Instant {
    /// Before anything that can happen.
    package static let beginning = Instant(seconds: .min / 2)
}
