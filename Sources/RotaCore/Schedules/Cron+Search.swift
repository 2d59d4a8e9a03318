/// Finding local times. A local time is counted in seconds from 1970-01-01T00:00:00 on the local clock; only
/// whole minutes match. The pattern must be possible, or the search would not end.
extension Cron {
    private static let minutesOfDay: Int64 = 1440

    /// The first local time that matches, no earlier than this.
    func first(atOrAfter local: Int64) -> Int64 {
        let minute = (local + 59).flooredQuotient(60)
        let day = minute.flooredQuotient(Self.minutesOfDay)
        if matches(CivilDate(daysSinceEpoch: day), weekday: CivilDate.weekday(ofDaysSinceEpoch: day)),
            let time = firstTime(atOrAfter: minute - day * Self.minutesOfDay)
        {
            return (day * Self.minutesOfDay + time) * 60
        }
        let next = firstDay(after: day)
        return (next * Self.minutesOfDay + (firstTime(atOrAfter: 0) ?? 0)) * 60
    }

    /// The last local time that matches, no later than this.
    func last(atOrBefore local: Int64) -> Int64 {
        let minute = local.flooredQuotient(60)
        let day = minute.flooredQuotient(Self.minutesOfDay)
        if matches(CivilDate(daysSinceEpoch: day), weekday: CivilDate.weekday(ofDaysSinceEpoch: day)),
            let time = lastTime(atOrBefore: minute - day * Self.minutesOfDay)
        {
            return (day * Self.minutesOfDay + time) * 60
        }
        let previous = lastDay(before: day)
        return (previous * Self.minutesOfDay + (lastTime(atOrBefore: Self.minutesOfDay - 1) ?? 0)) * 60
    }

    // MARK: - Times of a day, in minutes

    private func firstTime(atOrAfter time: Int64) -> Int64? {
        let hour = time / 60
        if hours.contains(hour), let minute = minutes.first(atOrAfter: time % 60) { return hour * 60 + minute }
        guard let later = hours.first(atOrAfter: hour + 1), let minute = minutes.first(atOrAfter: 0) else {
            return nil
        }
        return later * 60 + minute
    }

    private func lastTime(atOrBefore time: Int64) -> Int64? {
        let hour = time / 60
        if hours.contains(hour), let minute = minutes.last(atOrBefore: time % 60) { return hour * 60 + minute }
        guard let earlier = hours.last(atOrBefore: hour - 1), let minute = minutes.last(atOrBefore: 59) else {
            return nil
        }
        return earlier * 60 + minute
    }

    // MARK: - Days since 1970-01-01

    /// Month by month, so that eight years without a 29 February are a hundred steps.
    private func firstDay(after day: Int64) -> Int64 {
        var date = CivilDate(daysSinceEpoch: day + 1)
        while true {
            if let found = days(of: date).first(where: { $0 > day }) { return found }
            date.day = 1
            (date.year, date.month) = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
        }
    }

    private func lastDay(before day: Int64) -> Int64 {
        var date = CivilDate(daysSinceEpoch: day - 1)
        while true {
            if let found = days(of: date).last(where: { $0 < day }) { return found }
            date.day = 1
            (date.year, date.month) = date.month == 1 ? (date.year - 1, 12) : (date.year, date.month - 1)
        }
    }

    /// The days that match in the month of a date.
    private func days(of date: CivilDate) -> some BidirectionalCollection<Int64> {
        let first = date.daysSinceEpoch - date.day + 1
        let length = months.contains(date.month) ? CivilDate.daysInMonth(date.month, of: date.year) : 0
        return (first..<first + length).lazy.filter { day in
            matches(CivilDate(daysSinceEpoch: day), weekday: CivilDate.weekday(ofDaysSinceEpoch: day))
        }
    }
}
