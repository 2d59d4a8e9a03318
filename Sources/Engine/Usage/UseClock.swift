import RotaCore

/// Time as a tracker may write it down: never later than it can be, and watched only where it is certain.
///
/// A clock that jumped was set right, or is wrong for a moment. Until it is known which, the earlier of the two times
/// that it may be is taken for uses, so that none lies in the future, and nobody counts as idle by either.
struct UseClock: Sendable {
    /// What a reading of the clock is worth.
    struct Look: Sendable {
        /// Nothing that was seen until now was later.
        var now: Instant
        /// It is this time, and has been since the look before.
        var isSteady: Bool
        /// The last instant before the clock jumped, where it has done so since the look before.
        var brokeAt: Instant?
    }

    private var watch = ClockWatch()
    /// The last reading that is trusted.
    private(set) var trusted: ClockReading?
    private var isAstray = false

    mutating func look(_ reading: ClockReading) -> Look {
        _ = watch.observe(reading)
        let wasAstray = isAstray
        // A clock that is back where it was before is right again at once: the machine's own bears it out. Another
        // time is believed when it has been steady for a while.
        if let trusted, watch.isSuspect, reading.jump(since: trusted) != nil {
            isAstray = true
            let now = min(reading.wall, trusted.wall + (reading.uptime - trusted.uptime))
            return Look(now: now, isSteady: false, brokeAt: wasAstray ? nil : trusted.wall)
        }
        isAstray = false
        trusted = reading
        return Look(now: reading.wall, isSteady: !wasAstray, brokeAt: nil)
    }
}
