/// When the use of tokens was watched: idle clocks run only then.
///
/// Its functions take the logarithm of the number of stretches, since they run for every token of a report.
package struct TrackingHistory: Hashable, Sendable {
    /// Watched always: what `--at` assumes.
    package static let unbroken = TrackingHistory(isUnbroken: true)
    /// Never watched.
    package static let none = TrackingHistory(isUnbroken: false)

    package let isUnbroken: Bool
    /// Disjoint stretches in order, in seconds.
    private var starts: [Int64] = []
    private var ends: [Int64] = []
    /// How many seconds were watched before each stretch.
    private var before: [Int64] = []

    private init(isUnbroken: Bool) {
        self.isUnbroken = isUnbroken
    }

    /// The union of what all trackers watched, in any order.
    package init(_ heartbeats: some Sequence<Heartbeat>) {
        self.init(isUnbroken: false)
        let watched = heartbeats.compactMap(\.watched).sorted { $0.lowerBound < $1.lowerBound }
        for stretch in watched { append(stretch.lowerBound.seconds, stretch.upperBound.seconds) }
    }

    private mutating func append(_ start: Int64, _ end: Int64) {
        if let last = ends.last, start <= last {
            ends[ends.count - 1] = max(last, end)
            return
        }
        before.append(sum(at: starts.count))
        starts.append(start)
        ends.append(end)
    }

    /// The same, with what was watched last reaching to `now` where it was written down at most `span` ago: whoever
    /// wrote it may watch on, and has not said so yet.
    package func reaching(to now: Instant, ifWrittenWithin span: TimeSpan) -> TrackingHistory {
        guard let last = ends.last, last < now.seconds, now.seconds - last <= span.seconds else { return self }
        var longer = self
        longer.ends[ends.count - 1] = now.seconds
        return longer
    }

    /// How much of the time from one instant to another was watched; zero when they are in the other order.
    package func watched(from start: Instant, to end: Instant) -> TimeSpan {
        guard start < end else { return .zero }
        if isUnbroken { return end - start }
        return TimeSpan(seconds: sum(until: end.seconds) - sum(until: start.seconds))
    }

    /// The earliest instant at which so much time after `start` had been watched; nil when it has not been yet.
    package func instant(after span: TimeSpan, from start: Instant) -> Instant? {
        if span <= .zero { return start }
        if isUnbroken { return start + span }
        let wanted = sum(until: start.seconds) + span.seconds
        // The first stretch at whose end it is reached.
        let index = partition { before[$0] + ends[$0] - starts[$0] >= wanted }
        return index < starts.count ? Instant(seconds: starts[index] + wanted - before[index]) : nil
    }

    /// The latest instant from which so much time before `end` was watched; nil when it was not.
    package func instant(before end: Instant, by span: TimeSpan) -> Instant? {
        if span <= .zero { return end }
        if isUnbroken { return end - span }
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
