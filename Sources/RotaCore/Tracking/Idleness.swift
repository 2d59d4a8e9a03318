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

/// What is known at one instant of a token's idle time, for all the limits that it is held against.
package struct IdleClock: Sendable {
    package let idleness: Idleness
    private let now: Instant
    private let since: Instant
    /// From when on watched time counts; nil when none does.
    private let start: Instant?

    fileprivate init(_ idleness: Idleness, at now: Instant, since: Instant, start: Instant?) {
        self.idleness = idleness
        self.now = now
        self.since = since
        self.start = start
    }

    /// When the idle time came to `limit`; nil when it has not.
    package func reached(_ limit: TimeSpan, tracking: TrackingHistory) -> Instant? {
        if limit <= idleness.asserted { return since + limit }
        guard let start, let reached = tracking.instant(after: limit - idleness.asserted, from: start), reached <= now
        else { return nil }
        return reached
    }

    /// Whether an import told of the use that it began with, or alone says of some of the time that it was watched.
    func isTold(of token: Token, _ tracking: TrackingHistory) -> Bool {
        if let told = token.usageAssertedUntil, told >= since { return true }
        guard let start else { return false }
        // Never used, and nobody watched here since: that it is watched at all is an import's word.
        if case .neverUsed = token.usage, tracking.isUnseen(from: start, to: now) { return true }
        return tracking.isTold(from: start, to: now)
    }
}

extension Token {
    /// How long it has been idle; nil when its use is not known.
    package func idleness(at now: Instant, tracking: TrackingHistory) -> Idleness? {
        idleClock(at: now, tracking: tracking)?.idleness
    }

    /// Nil when its use is not known.
    ///
    /// An import asserts the time up to which it speaks. After that only watched time counts, and only where
    /// a tracker could see the token used: not for the values of other issuers, nor for one of which we
    /// do not have the digest.
    package func idleClock(at now: Instant, tracking: TrackingHistory) -> IdleClock? {
        guard let since = idleSince else { return nil }
        let elapsed = max(.zero, now - since)
        let asserted = assertedIdleness(since, at: now)
        let start = watchedStart(since, tracking)
        let watched = start.map { tracking.watched(from: $0, to: now) } ?? .zero
        let time = asserted + watched
        let idleness = Idleness(
            time: min(time, elapsed), untracked: max(.zero, elapsed - time), asserted: asserted,
            since: asserted > .zero ? since : nil)
        return IdleClock(idleness, at: now, since: since, start: start)
    }

    private func assertedIdleness(_ since: Instant, at now: Instant) -> TimeSpan {
        guard let end = usageAssertedUntil else { return .zero }
        return max(.zero, min(end, now) - since)
    }

    /// Whether any use of it within a time would have been seen by somebody for a part of that time.
    func wasWatched(from start: Instant, to end: Instant, _ tracking: TrackingHistory) -> Bool {
        if tracking.isUnbroken { return true }
        return watchedSince.map { tracking.watched(from: max($0, start), to: end) > .zero } ?? false
    }

    /// From when on watched time counts; nil when none does.
    private func watchedStart(_ since: Instant, _ tracking: TrackingHistory) -> Instant? {
        let known = max(since, usageAssertedUntil ?? since)
        // A hypothesis is about every token.
        if tracking.isUnbroken { return known }
        return watchedSince.map { max(known, $0) }
    }
}
