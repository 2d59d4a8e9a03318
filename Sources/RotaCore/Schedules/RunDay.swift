/// The runs of one policy on one day, by the clock of its zone.
package struct RunDay: Hashable, Sendable {
    /// As in `Tue 2026-11-24`.
    package var day: String
    package var first: Instant
    package var last: Instant
    package var count: Int
    /// Of how many of them nothing is done, since the calendar is frozen for as long as they may begin.
    package var frozen: Int
    /// How many begin late for a freeze, or have turns in one.
    package var partlyFrozen: Int

    /// The days of a time that have runs, in their order; turns within a spread are of their run.
    ///
    /// A schedule may have half a million runs in a year: each costs little more than to find it.
    package static func all(
        of schedule: Schedule, from start: Instant, until end: Instant, calendar: FreezeCalendar?
    ) -> [RunDay] {
        var fire = schedule.next(after: start - TimeSpan(seconds: 1))
        var days: [RunDay] = []
        var dayEnd = start
        // A run of the last day may have its turns, and its window, after the end.
        var freezes = (calendar?.spans(from: start, until: end + .days(366)) ?? [])[...]
        while fire < end {
            if days.isEmpty || fire >= dayEnd {
                let zone = schedule.zone
                let day = String(zone.localTime(of: fire).prefix("Tue 2026-11-24".count))
                days.append(RunDay(day: day, first: fire, last: fire, count: 0, frozen: 0, partlyFrozen: 0))
                dayEnd = zone.nextMidnight(after: fire)
            }
            let next = schedule.next(after: fire)
            days[days.count - 1].last = fire
            days[days.count - 1].count += 1
            while let first = freezes.first, first.end <= fire { freezes.removeFirst() }
            if let first = freezes.first, first.begin < next {
                let near = freezes.prefix { $0.begin < next }
                switch schedule.standing(of: fire, until: next, near) {
                case .open: break
                case .partly: days[days.count - 1].partlyFrozen += 1
                case .frozen: days[days.count - 1].frozen += 1
                }
            }
            fire = next
        }
        return days
    }
}

extension Zone {
    /// The end of the day, on the local clock, that an instant is in.
    fileprivate func nextMidnight(after instant: Instant) -> Instant {
        let day: Int64 = 86_400
        let local = instant.seconds + offset(at: instant.seconds)
        return Instant(seconds: firstInstant(atOrPast: (local.flooredQuotient(day) + 1) * day))
    }
}
