/// The runs of one policy on one day, by the clock of its zone.
package struct RunDay: Hashable, Sendable {
    /// As in `Tue 2026-11-24`.
    package var day: String
    package var first: Instant
    package var last: Instant
    package var count: Int
    /// How many of them fall into a freeze of the calendar.
    package var frozen: Int

    /// The days of a time that have runs, in their order; turns within a spread are of their run.
    package static func all(
        of schedule: Schedule, from start: Instant, until end: Instant, calendar: FreezeCalendar?
    ) -> [RunDay] {
        let freezes = calendar?.spans(from: start, until: end) ?? []
        var days: [RunDay] = []
        var fire = schedule.next(after: start - TimeSpan(seconds: 1))
        while fire < end {
            let day = String(schedule.zone.localTime(of: fire).prefix("Tue 2026-11-24".count))
            if days.last?.day != day { days.append(RunDay(day: day, first: fire, last: fire, count: 0, frozen: 0)) }
            days[days.count - 1].last = fire
            days[days.count - 1].count += 1
            if freezes.contains(where: { $0.begin <= fire && fire < $0.end }) { days[days.count - 1].frozen += 1 }
            fire = schedule.next(after: fire)
        }
        return days
    }
}
