package import RotaCore

/// What the clocks of this machine said when they were last believed, kept from one process to the next.
package struct ClockMark: Hashable, Sendable {
    package var trusted: ClockReading
    /// The first reading that did not go with it, and that all later ones have gone with.
    package var doubted: ClockReading?

    package init(trusted: ClockReading, doubted: ClockReading? = nil) {
        self.trusted = trusted
        self.doubted = doubted
    }

    /// The jump that a reading shows beside what was kept, nil where it can be acted on; and what is to be kept then.
    ///
    /// A clock that is back where it must be is believed at once, and one that has been steady for a while, too.
    package func judge(_ reading: ClockReading) -> (jump: ClockJump?, mark: ClockMark) {
        guard let jump = reading.jump(since: trusted) else { return (nil, ClockMark(trusted: reading)) }
        guard let doubted, doubted.isOfSameBoot(as: reading), reading.jump(since: doubted) == nil else {
            return (jump, ClockMark(trusted: trusted, doubted: reading))
        }
        let isSteady = reading.uptime - doubted.uptime >= ClockWatch.probation
        return isSteady ? (nil, ClockMark(trusted: reading)) : (jump, self)
    }
}

extension Store {
    /// Why a clock cannot be acted on, by what the store has recorded and what this machine has kept; within a
    /// transaction. What it shows now is kept for the next look.
    package func doubt(of reading: ClockReading) throws -> ClockDoubt? {
        if let lag = try lag(of: reading.wall) { return .behind(lag) }
        let (jump, mark) = (clockMark() ?? ClockMark(trusted: reading)).judge(reading)
        keepClock(mark)
        return jump.map { .jumped($0) }
    }

    /// The same, while nothing is kept: for whoever looks, or does one thing.
    package func clockDoubt(by reading: ClockReading) throws -> ClockDoubt? {
        if let lag = try lag(of: reading.wall) { return .behind(lag) }
        return clockMark()?.judge(reading).jump.map { .jumped($0) }
    }

    /// What keeps anything destructive from being done by a clock, which the store goes by from now on.
    ///
    /// - parameter instant: to ask for another time than now.
    package func brake(by reading: ClockReading, at instant: Instant? = nil) throws -> Brake? {
        distrustClock(try clockDoubt(by: reading))
        return try brake(at: instant ?? reading.wall)
    }
}
