/// How long a token has not been used, as far as anybody could have seen it.
package struct Idleness: Hashable, Sendable {
    /// What counts: watched, or asserted by an import.
    package var time: TimeSpan
    /// What does not count, since nobody watched.
    package var untracked: TimeSpan

    package init(time: TimeSpan, untracked: TimeSpan = .zero) {
        self.time = time
        self.untracked = untracked
    }

    /// For sentences: ` (not watched for 40 days, which do not count)`, or nothing when it is below a day.
    package var remark: String {
        untracked >= .days(1) ? " (not watched for \(untracked.spoken), which do not count)" : ""
    }
}

extension Token {
    /// How long it has been idle; nil when its use is not known.
    ///
    /// An import asserts the time up to which it speaks. After that only watched time counts, and only where
    /// a tracker could see the token used: not for the values of other issuers, nor for one of which we
    /// do not have the digest.
    package func idleness(at now: Instant, tracking: TrackingHistory) -> Idleness? {
        guard let since = idleSince else { return nil }
        let elapsed = max(.zero, now - since)
        let time = assertedIdleness(since, at: now) + watchedIdleness(since, at: now, tracking)
        return Idleness(time: min(time, elapsed), untracked: max(.zero, elapsed - time))
    }

    /// When its idle time came to `limit`; nil when it has not, or its use is not known.
    package func idleReached(_ limit: TimeSpan, by now: Instant, tracking: TrackingHistory) -> Instant? {
        guard let since = idleSince else { return nil }
        let asserted = assertedIdleness(since, at: now)
        if limit <= asserted { return since + limit }
        guard let start = watchedStart(since, tracking),
            let reached = tracking.instant(after: limit - asserted, from: start), reached <= now
        else { return nil }
        return reached
    }

    private func assertedIdleness(_ since: Instant, at now: Instant) -> TimeSpan {
        guard let end = usageAssertedUntil else { return .zero }
        return max(.zero, min(end, now) - since)
    }

    private func watchedIdleness(_ since: Instant, at now: Instant, _ tracking: TrackingHistory) -> TimeSpan {
        guard let start = watchedStart(since, tracking) else { return .zero }
        return tracking.watched(from: start, to: now)
    }

    /// From when on watched time counts; nil when none does.
    private func watchedStart(_ since: Instant, _ tracking: TrackingHistory) -> Instant? {
        let known = max(since, usageAssertedUntil ?? since)
        // A hypothesis is about every token.
        if tracking.isUnbroken { return known }
        return watchedSince.map { max(known, $0) }
    }
}
