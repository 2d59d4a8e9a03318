package import RotaCore

/// Whether it is a witness's turn to be given the newest checkpoint.
package enum WitnessTurn: Hashable, Sendable {
    /// Nothing was signed yet.
    case unsigned
    /// It has what there is: the log has not grown since.
    case hasNewest
    /// Its time comes; after failures, that of the next attempt.
    case waits(until: Instant)
    case due

    /// How often a witness is told that says nothing else.
    package static let usualInterval = TimeSpan.hours(24)

    /// The waits after failures that follow one another; the last one stays.
    private static let retries = [60, 300, 1_800, 7_200, 21_600].map { TimeSpan(seconds: $0) }

    /// - parameters:
    ///   - record: nil where nothing was ever sent to it. What is known of another place counts for nothing.
    ///   - newest: how many entries the newest checkpoint covers; nil where there is none.
    package init(
        of record: WitnessRecord?, at place: String, newest: Int?, every interval: TimeSpan, now: Instant
    ) {
        guard let newest else {
            self = .unsigned
            return
        }
        let known = record.flatMap { $0.place == place ? $0 : nil }
        if let failure = known?.failure {
            self = now < failure.nextAttemptAt ? .waits(until: failure.nextAttemptAt) : .due
            return
        }
        guard let taken = known?.taken else {
            self = .due
            return
        }
        let next = taken.at + interval
        if taken.size == newest {
            self = .hasNewest
        } else if taken.at <= now, now < next {
            self = .waits(until: next)
        } else {
            // By a clock that was set back nobody waits longer than for an interval.
            self = .due
        }
    }

    /// What is known of a witness that has just failed.
    ///
    /// - parameter interval: it is tried again no later than it would be told anyway.
    package static func failure(
        after earlier: WitnessRecord.Failure?, _ cause: String, every interval: TimeSpan, now: Instant
    ) -> WitnessRecord.Failure {
        let count = (earlier?.count ?? 0) + 1
        let wait = min(retries[min(count, retries.count) - 1], interval)
        return WitnessRecord.Failure(
            since: earlier?.since ?? now, count: count, nextAttemptAt: now + wait, cause: cause)
    }
}
