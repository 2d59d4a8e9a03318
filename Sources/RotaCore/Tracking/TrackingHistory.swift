/// When the use of tokens was watched: idle clocks run only then.
///
/// Its functions take the logarithm of the number of stretches, since they run for every token of a report.
package struct TrackingHistory: Hashable, Sendable {
    /// Watched always: what `--at` assumes.
    package static let unbroken = TrackingHistory(isUnbroken: true)
    /// Never watched.
    package static let none = TrackingHistory(isUnbroken: false)

    package let isUnbroken: Bool
    /// What anybody watched.
    private var all = Stretches()
    /// What of it was watched here, and not told by an import.
    private var here = Stretches()
    private var hasTold = false

    private init(isUnbroken: Bool) {
        self.isUnbroken = isUnbroken
    }

    /// The union of what all trackers watched, in any order.
    package init(_ heartbeats: some Sequence<Heartbeat>) {
        self.init(isUnbroken: false)
        let watched = heartbeats.compactMap { beat in beat.watched.map { (stretch: $0, isTold: beat.isTold) } }
            .sorted { $0.stretch.lowerBound < $1.stretch.lowerBound }
        for (stretch, isTold) in watched {
            all.append(stretch.lowerBound.seconds, stretch.upperBound.seconds)
            if isTold {
                hasTold = true
            } else {
                here.append(stretch.lowerBound.seconds, stretch.upperBound.seconds)
            }
        }
    }

    /// The same, and watched from an instant on without an end.
    package func continued(from now: Instant) -> TrackingHistory {
        guard !isUnbroken else { return self }
        var history = self
        history.all.append(max(now.seconds, all.lastStart ?? .min), .max / 4)
        history.here.append(max(now.seconds, here.lastStart ?? .min), .max / 4)
        return history
    }

    /// Whether uses are watched at an instant, as far as anybody has said lately.
    package func isWatched(at now: Instant) -> Bool {
        isUnbroken || all.lastEnd.map { Instant(seconds: $0) + Heartbeat.longestSilence >= now } ?? false
    }

    /// The same, with what was watched last reaching to `now` where it was written down at most `span` ago: whoever
    /// wrote it may watch on, and has not said so yet. An imported log does not.
    package func reaching(to now: Instant, ifWrittenWithin span: TimeSpan) -> TrackingHistory {
        guard let last = here.lastEnd, last < now.seconds, now.seconds - last <= span.seconds else { return self }
        var longer = self
        longer.here.append(last, now.seconds)
        longer.all.append(max(last, all.lastStart ?? last), now.seconds)
        return longer
    }

    /// How much of the time from one instant to another was watched; zero when they are in the other order.
    package func watched(from start: Instant, to end: Instant) -> TimeSpan {
        guard start < end else { return .zero }
        return isUnbroken ? end - start : all.length(from: start, to: end)
    }

    /// How much of it was watched here, and not only by who wrote a log that was imported.
    package func watchedHere(from start: Instant, to end: Instant) -> TimeSpan {
        guard hasTold else { return watched(from: start, to: end) }
        return start < end ? here.length(from: start, to: end) : .zero
    }

    /// Whether an import alone says of some of it that it was watched.
    package func isTold(from start: Instant, to end: Instant) -> Bool {
        hasTold && watched(from: start, to: end) > watchedHere(from: start, to: end)
    }

    /// Whether there are imports that say when uses were watched, and nobody watched any of it here.
    package func isUnseen(from start: Instant, to end: Instant) -> Bool {
        hasTold && watchedHere(from: start, to: end) == .zero
    }

    /// The earliest instant at which so much time after `start` had been watched; nil when it has not been yet.
    package func instant(after span: TimeSpan, from start: Instant) -> Instant? {
        if span <= .zero { return start }
        return isUnbroken ? start + span : all.instant(after: span, from: start)
    }

    /// The latest instant from which so much time before `end` was watched; nil when it was not.
    package func instant(before end: Instant, by span: TimeSpan) -> Instant? {
        if span <= .zero { return end }
        return isUnbroken ? end - span : all.instant(before: end, by: span)
    }
}

/// Disjoint stretches of time in order, in seconds.
private struct Stretches: Hashable, Sendable {
    private var starts: [Int64] = []
    private var ends: [Int64] = []
    /// How many seconds were watched before each stretch.
    private var before: [Int64] = []

    var lastStart: Int64? { starts.last }
    var lastEnd: Int64? { ends.last }

    /// Adds one that begins no earlier than the last.
    mutating func append(_ start: Int64, _ end: Int64) {
        if let last = ends.last, start <= last {
            ends[ends.count - 1] = max(last, end)
            return
        }
        before.append(sum(at: starts.count))
        starts.append(start)
        ends.append(end)
    }

    func length(from start: Instant, to end: Instant) -> TimeSpan {
        TimeSpan(seconds: sum(until: end.seconds) - sum(until: start.seconds))
    }

    func instant(after span: TimeSpan, from start: Instant) -> Instant? {
        let wanted = sum(until: start.seconds) + span.seconds
        // The first stretch at whose end it is reached.
        let index = partition { before[$0] + ends[$0] - starts[$0] >= wanted }
        return index < starts.count ? Instant(seconds: starts[index] + wanted - before[index]) : nil
    }

    func instant(before end: Instant, by span: TimeSpan) -> Instant? {
        let wanted = sum(until: end.seconds) - span.seconds
        guard wanted >= 0 else { return nil }
        // The last stretch before whose end it had not been exceeded.
        let index = partition { before[$0] > wanted } - 1
        return starts.indices.contains(index) ? Instant(seconds: starts[index] + wanted - before[index]) : nil
    }

    /// Seconds watched up to an instant.
    private func sum(until instant: Int64) -> Int64 {
        let index = partition { starts[$0] > instant } - 1
        guard index >= 0 else { return 0 }
        return before[index] + min(instant, ends[index]) - starts[index]
    }

    /// Seconds watched in the first stretches.
    private func sum(at index: Int) -> Int64 {
        guard index > 0 else { return 0 }
        return before[index - 1] + ends[index - 1] - starts[index - 1]
    }

    /// The first index of which something is true that is true of all later ones; the count when of none.
    private func partition(_ isTrue: (Int) -> Bool) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if isTrue(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
