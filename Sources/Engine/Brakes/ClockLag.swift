package import RotaCore

/// A wall clock that is behind what the store has recorded already: it was set back while nothing ran, or was ahead
/// before. Nothing destructive is done by it until somebody confirms it (I12).
package struct ClockLag: Hashable, Sendable {
    /// The newest instant that the store has recorded.
    package var recorded: Instant
    /// What the clock shows.
    package var now: Instant

    package var span: TimeSpan { recorded - now }
}

extension Store {
    /// How far behind it a wall clock is; nil where it is not, or by no more than clocks are corrected by.
    package func lag(of now: Instant) throws -> ClockLag? {
        guard let recorded = try newestInstant(), recorded > now + ClockReading.tolerance else { return nil }
        return ClockLag(recorded: recorded, now: now)
    }

    /// The newest instant of the last audit entries and of the last run. One entry would not do: whatever a person
    /// changes by the clock that is behind has one, too. What stands before a confirmation does not count any more.
    private func newestInstant() throws -> Instant? {
        var newest: Instant?
        var looked = 0
        var isConfirmed = false
        try eachAuditEntry(below: .max, object: nil) { entry in
            newest = max(newest ?? entry.at, entry.at)
            looked += 1
            isConfirmed = entry.action == ClockLag.confirmation
            return !isConfirmed && looked < ClockLag.entriesLookedAt
        }
        guard !isConfirmed, let run = try lastRun() else { return newest }
        return [newest, run.startedAt, run.finishedAt].compactMap(\.self).max()
    }
}

extension ClockLag {
    /// How the audit log calls a confirmation.
    package static let confirmation = "clock.trust"
    /// How many audit entries are looked at, newest first.
    fileprivate static let entriesLookedAt = 256
}
