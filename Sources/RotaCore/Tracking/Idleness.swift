/// How long a token has not been used, as far as anybody could have seen it.
package struct Idleness: Hashable, Sendable {
    /// What counts: watched, or asserted by an import.
    package var time: TimeSpan
    /// What does not count, since nobody watched.
    package var untracked: TimeSpan
    /// What of it an import asserted; nobody watched that here.
    package var asserted: TimeSpan
    /// From when on an import asserted it; nil where none did.
    package var assertedSince: Instant?

    package init(
        time: TimeSpan, untracked: TimeSpan = .zero, asserted: TimeSpan = .zero, since assertedSince: Instant? = nil
    ) {
        self.time = time
        self.untracked = untracked
        self.asserted = asserted
        self.assertedSince = assertedSince
    }

    /// All that is known of it is what an import asserted.
    package var isAsserted: Bool { asserted > .zero && asserted >= time }

    /// For sentences: ` (not watched for 40 days, which do not count)`, or nothing when it is below a day; and how
    /// much of it is known by an import, where the rest was watched.
    package var remark: String {
        var remarks: [String] = []
        if !isAsserted, asserted >= .days(1) { remarks.append("\(asserted.spoken) of them as imported") }
        if untracked >= .days(1) { remarks.append("not watched for \(untracked.spoken), which do not count") }
        return remarks.isEmpty ? "" : " (\(remarks.joined(separator: "; ")))"
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
        let asserted = assertedIdleness(since, at: now)
        let time = asserted + watchedIdleness(since, at: now, tracking)
        return Idleness(
            time: min(time, elapsed), untracked: max(.zero, elapsed - time), asserted: asserted,
            since: asserted > .zero ? since : nil)
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
