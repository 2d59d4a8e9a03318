/// What the clocks of a machine said at one moment.
package struct ClockReading: Hashable, Sendable {
    /// How far the wall clock may stray in one step: clocks are corrected all the time.
    package static let tolerance = TimeSpan(seconds: 60)
    /// How long a machine may have been switched off without a doubt about the date.
    package static let longestAbsence = TimeSpan.days(90)

    package var wall: Instant
    /// Time since the machine was started, while it slept included.
    package var uptime: TimeSpan
    /// Which start of the machine that was. Another one says nothing about the time between; nor does an empty one,
    /// which is not known.
    package var boot: String

    package init(wall: Instant, uptime: TimeSpan, boot: String) {
        self.wall = wall
        self.uptime = uptime
        self.boot = boot
    }

    /// Whether both are known to be of one start of the machine.
    package func isOfSameBoot(as other: ClockReading) -> Bool { !boot.isEmpty && boot == other.boot }

    /// How the wall clock moved beyond the time that passed since an earlier reading; nil when it did not.
    ///
    /// After a restart of the machine nobody knows how much passed: then only a clock that went back, or one
    /// that is further ahead than `longestAbsence`, is in doubt.
    package func jump(since earlier: ClockReading) -> ClockJump? {
        let moved = wall - earlier.wall
        let (least, most) =
            isOfSameBoot(as: earlier) && uptime >= earlier.uptime
            ? (uptime - earlier.uptime, uptime - earlier.uptime) : (TimeSpan.zero, Self.longestAbsence)
        if moved < least - Self.tolerance { return .back(least - moved) }
        if moved > most + Self.tolerance { return .ahead(moved - most) }
        return nil
    }
}

/// A wall clock that moved as no clock does: what it says is suspect, and nothing destructive is done by it.
package enum ClockJump: Hashable, Sendable, CustomStringConvertible {
    /// By so much against the time that passed.
    case back(TimeSpan)
    /// By so much more than the time that may have passed.
    case ahead(TimeSpan)

    package var description: String {
        switch self {
        case .back(let span): "the clock was set back by \(span.spoken)"
        case .ahead(let span): "the clock was set ahead by \(span.spoken)"
        }
    }
}
